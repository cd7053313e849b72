"""What ``sub`` is in a token of a workflow's job. Pure.

Source:
    docs.github.com, "OpenID Connect reference": the default subject is the repository
    and the context, which is the environment of the job if it has one, else
    ``pull_request`` for that event, else the ref. Since 2026-07-15 names are followed
    by numbers that nobody else ever gets, in repositories that are new or renamed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sluicegate.model.host_settings import Unknown
from sluicegate.model.token_subject import SubjectTemplate, TokenSubjects

CHANGED = datetime(2026, 7, 15, tzinfo=UTC)
"""Since when a new repository's tokens have numbers beside the names."""

_DEFAULT = ("repo", "context")


@dataclass(frozen=True, slots=True)
class SubjectForms:
    """What ``sub`` begins with: now, and in the older and newer form.

    ``now`` is None where nobody can tell which of them it is. ``keys`` are the claims
    that somebody has had it made of, () for GitHub's default.
    """

    now: str | None
    named: str
    numbered: str
    keys: tuple[str, ...] = ()
    unknown: Unknown | None = None

    @property
    def is_numbered(self) -> bool:
        """Whether it has numbers now, as far as is known."""
        return self.now is not None and self.now == self.numbered

    def possible(self) -> tuple[str, ...]:
        """Each beginning that it may have now."""
        return (self.numbered, self.named) if self.now is None else (self.now,)


def subject_forms(subjects: TokenSubjects) -> SubjectForms:
    """What ``sub`` begins with in tokens of the repository of *subjects*."""
    owner, _, name = subjects.name.partition("/")
    named = f"repo:{owner}/{name}"
    numbered = f"repo:{owner}@{subjects.owner_id}/{name}@{subjects.id}"
    template = subjects.template
    if isinstance(template, Unknown):
        return SubjectForms(None, named, numbered, unknown=template)
    shared = subjects.organization
    keys: tuple[str, ...] = ()
    if not template.is_default:
        keys = template.keys
        if not keys and isinstance(shared, Unknown):
            return SubjectForms(None, named, numbered, unknown=shared)
        if not keys and isinstance(shared, SubjectTemplate):
            keys = shared.keys
    keys = () if keys == _DEFAULT else keys
    now = template.prefix or _form(subjects, template, named, numbered)
    return SubjectForms(now, named, numbered, keys)


def _form(
    subjects: TokenSubjects, template: SubjectTemplate, named: str, numbered: str
) -> str | None:
    """By the setting of the repository, that of its organization, or its age.

    An old repository may have been renamed since: whether, nobody says.
    """
    shared = subjects.organization
    has_ids = template.has_ids
    if has_ids is None and isinstance(shared, SubjectTemplate):
        has_ids = shared.has_ids
    if has_ids is None and subjects.created >= CHANGED:
        has_ids = True
    if has_ids is None:
        return None
    return numbered if has_ids else named


def context_of(environment: str | None, event: str, ref: str) -> str:
    """What follows the repository: a colon in an environment's name is written %3A."""
    if environment is not None:
        return f"environment:{environment.replace(':', '%3A')}"
    return "pull_request" if event == "pull_request" else f"ref:{ref}"


def made_of(keys: tuple[str, ...], claims: Mapping[str, str], whole: str) -> str:
    """``sub`` where it is made of *keys*; *whole* is the default one.

    A claim that only a run can tell is left open.
    """
    repository, _, context = whole.partition(":")[2].partition(":")
    known = {
        **claims,
        "repo": repository,
        "context": context,
    }
    parts = []
    for key in keys:
        value = known.get(key, f"<{key}>")
        if key == "context":
            parts.append(value)
        else:
            parts.append(f"{key}:{value.replace(':', '%3A')}")
    return ":".join(parts)
