"""Judge what starts a workflow, and with what in its hands. Pure.

Source:
    GitHub, "Events that trigger workflows"; "Secure use reference"; changelog of
    2025-11-07 on pull_request_target.
"""

from collections.abc import Iterator

from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.workflow import ALL_SCOPES, Job, Permissions, Workflow
from sluicegate.model.host_check import HostCheck, Place, Standing

_STRANGERS = {
    "pull_request_target": "anybody who opens a pull request",
    "workflow_run": "a run of another workflow, one of a stranger's pull request too",
    "issue_comment": "anybody who comments on an issue",
}
_PROPOSED = ("github.event.pull_request.head", "github.head_ref", "refs/pull/")
_FIX = {
    "pull_request_target": "on: pull_request  # a read-only token and no secrets; what"
    " Sluicegate shows goes to the summary then",
    "workflow_run": "call the second workflow by `uses:` in a job with `needs:`, or"
    " start it with workflow_dispatch",
    "issue_comment": "approve by a dispatch (approve.yml) or by a signature instead",
}


def judge_triggers(checkout: Checkout) -> Iterator[HostCheck]:
    """Workflows that strangers can start with the rights of the default branch."""
    found = False
    for workflow in checkout.workflows:
        for trigger in workflow.triggers:
            if trigger.event not in _STRANGERS:
                continue
            found = True
            held = list(_held(workflow))
            is_bad = bool(held) or trigger.event != "issue_comment"
            carries = f", and holds {' and '.join(held)}" if held else ""
            yield HostCheck(
                f"trigger {trigger.event}",
                Standing.PROBLEM if is_bad else Standing.WARNING,
                f"{workflow.path} is started by {_STRANGERS[trigger.event]}{carries}",
                "it runs with the secrets and the token of the default branch, on what"
                " somebody else has written: one expression or one file of theirs that"
                " it trusts hands both over",
                _FIX[trigger.event],
                (Place(workflow.path, trigger.line, trigger.event),),
            )
    if checkout.workflows and not found:
        what = f"no workflow is started by {', '.join(_STRANGERS)}"
        yield HostCheck("triggers", Standing.FINE, what)


def _held(workflow: Workflow) -> Iterator[str]:
    jobs = workflow.jobs
    if any(_checks_out_proposal(job) for job in jobs):
        yield "what the pull request proposes, checked out"
    secrets = sorted({name for job in jobs for name in secrets_of(workflow, job)})
    if secrets:
        yield f"secrets ({', '.join(secrets)})"
    if any(_writes(job.permissions or workflow.permissions) for job in jobs):
        yield "a token that writes"


def _checks_out_proposal(job: Job) -> bool:
    return any(
        sign in step.given["ref"].text
        for step in job.steps
        if "ref" in step.given
        for sign in _PROPOSED
    )


def secrets_of(workflow: Workflow, job: Job) -> frozenset[str]:
    """The names of the secrets that *job* reads; ``*`` where it hands over all."""
    texts = [*workflow.env.values(), *job.env.values(), *job.secrets.values()]
    texts += job.given.values()
    for step in job.steps:
        texts += [*step.env.values(), *step.given.values()]
        texts += [step.runs] if step.runs else []
    names = frozenset(name for text in texts for name in text.secrets)
    inherited = {"*"} if job.inherits and job.inherits.text == "inherit" else set()
    return (names | inherited) - {"GITHUB_TOKEN"}


def _writes(permissions: Permissions | None) -> bool:
    """No word about it is the default, which may be to write everything."""
    if permissions is None:
        return True
    return ALL_SCOPES in permissions.writes or bool(permissions.writes)
