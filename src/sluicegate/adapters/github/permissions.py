"""Which permission of a token a request needs, and how a workflow gives it. Pure.

Source:
    GitHub, "Permissions required for GitHub Apps"; "Troubleshooting the REST API",
    "Resource not accessible" for ``X-Accepted-GitHub-Permissions``; "Workflow syntax",
    ``permissions``.
"""

import re

from sluicegate.adapters.github.answer import Question

# What GitHub calls the permissions that a workflow can give to its own token.
_OF_WORKFLOWS = frozenset(
    (
        *("actions", "attestations", "checks", "contents", "deployments"),
        *("discussions", "issues", "models", "packages", "pages", "pull-requests"),
        *("security-events", "statuses"),
    )
)
_EVERY_TOKEN_HAS = "metadata"  # noqa: S105 - the name of a permission
_ONE = re.compile(r"([a-z_]+)=(read|write|admin)")
# By the path inside the repository; the first that fits.
_NEEDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), area)
    for pattern, area in (
        (r"/actions/.*", "actions"),
        (r"/check-runs.*|/commits/[^/]+/check-runs", "checks"),
        (r"/statuses/.*|/commits/[^/]+/status(es)?", "statuses"),
        (r"/(contents|compare|commits|branches|git)(/.*)?", "contents"),
        # Of a pull request, here; either permission is enough, and ours reads better.
        (r"/issues/([0-9]+/)?comments.*", "pull-requests"),
        (r"/issues/.*", "issues"),
        (r"/pulls.*", "pull-requests"),
        (r"/deployments.*", "deployments"),
        (r"/code-scanning/.*", "security-events"),
        (r"/attestations.*", "attestations"),
    )
)
_REPOSITORY = re.compile(r".*/repos/[^/]+/[^/]+(?P<inside>/.*)?")


def name_permission(question: Question, accepted: str | None) -> str | None:
    """What *question* needs, like ``checks: write``; None where nobody says.

    *accepted* is the header ``X-Accepted-GitHub-Permissions``: sets of permissions
    apart by semicolons, of which one is enough.
    """
    expected = _expect(question)
    sets = [_read_set(each) for each in (accepted or "").split(";")]
    sets = [each for each in sets if each]
    if not sets or any(expected in each for each in sets):
        return expected
    return ", ".join(sets[0])


def explain_permission(permission: str | None) -> str:
    """How to give a token *permission*."""
    if permission is None:
        return "see what the token may do, and whether it is for this repository"
    areas = {each.partition(": ")[0] for each in permission.split(", ")}
    if not areas <= _OF_WORKFLOWS:
        return (
            f"no workflow's own token can have {permission}: use one of a GitHub App or"
            " a fine-grained personal access token that does"
        )
    return (
        f"in the workflow, for this job: `permissions: {{{permission}}}` (what it does"
        " not name, the token does not get); for a pull request from a fork or of"
        " Dependabot the token can only read"
    )


def _expect(question: Question) -> str | None:
    found = _REPOSITORY.fullmatch(question.path)
    if found is None:
        return None
    inside = found["inside"] or ""
    level = "write" if question.is_write else "read"
    areas = (area for pattern, area in _NEEDS if pattern.fullmatch(inside))
    area = next(areas, None)
    return None if area is None else f"{area}: {level}"


def _read_set(text: str) -> list[str]:
    found = _ONE.findall(text)
    named = [(name.replace("_", "-"), level) for name, level in found]
    return [f"{name}: {level}" for name, level in named if name != _EVERY_TOKEN_HAS]
