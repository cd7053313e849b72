"""Judge whether the refs that an environment lets in are those of any run. Pure.

Source:
    GitHub, "Events that trigger workflows"; changelog of 2025-11-07: from 2025-12-08 on
    a run of pull_request_target executes the default branch, and rules of environments
    match what is executed, refs/pull/N/merge for a pull request.
"""

from collections.abc import Iterator

from sluicegate.config.github.refs import may_meet
from sluicegate.config.github.workflow import Trigger, Workflow
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import RefPolicy

Uses = list[tuple[Workflow, Place]]
"""The workflows whose jobs enter an environment, and where they say so."""

_EVERY = "**/*"
_WIDE = frozenset({"*", "**", "*/*", "**/*"})
ENVIRONMENTS_PAGE = "Settings > Environments"
_PROPOSED = frozenset(
    {"pull_request", "pull_request_review", "pull_request_review_comment"}
)
_TAGGED = frozenset({"release"})
_CHOSEN = frozenset(
    {"workflow_dispatch", "workflow_call", "create", "registry_package"}
)


def judge_refs(
    topic: str,
    refs: tuple[RefPolicy, ...],
    uses: Uses,
    branch: str,
) -> Iterator[HostCheck]:
    """Whether *refs* let in what must get in, and little else.

    *branch* is the default one.
    """
    said = ", ".join(("tag " if ref.is_tag else "") + ref.pattern for ref in refs)
    if wide := [ref.pattern for ref in refs if ref.pattern in _WIDE]:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"{', '.join(wide)} lets nearly every branch or tag enter it",
            "who may push one gets its secrets with a workflow of their own",
            f"{ENVIRONMENTS_PAGE}: let in {branch} alone",
        )
    dead = [ref for ref in refs if uses and not _is_alive(ref, uses, branch)]
    if dead:
        closed = len(dead) == len(refs)
        pulled = any(each.events & {"pull_request_target"} for each, _ in uses)
        since = (
            "; since 2025-12-08 a run of pull_request_target is one of the default"
            " branch, whatever the pull request is based on"
            if pulled
            else ""
        )
        patterns = ", ".join(ref.pattern for ref in dead)
        yield HostCheck(
            topic,
            Standing.PROBLEM if closed else Standing.WARNING,
            f"{patterns} can match no run of the workflows that enter it",
            ("no job will ever get in" if closed else "that line does nothing") + since,
            f"{ENVIRONMENTS_PAGE}: let in {branch} instead",
            tuple(place for _, place in uses),
        )
    elif not wide:
        yield HostCheck(topic, Standing.FINE, f"only {said} may enter it")


def _is_alive(policy: RefPolicy, uses: Uses, branch: str) -> bool:
    """Whether a run of one of the workflows can be of a ref that *policy* lets in."""
    return any(
        may_meet(policy.pattern, ref)
        for workflow, _ in uses
        for trigger in workflow.triggers
        for ref in _refs(trigger, branch, policy)
    )


def _refs(trigger: Trigger, branch: str, policy: RefPolicy) -> Iterator[str]:
    """The refs that runs by *trigger* execute, as branches or as tags."""
    if trigger.event == "push":
        limits = trigger.tags if policy.is_tag else trigger.branches
        others = trigger.branches if policy.is_tag else trigger.tags
        if limits is not None:
            yield from (each for each in limits if not each.startswith("!"))
        elif others is None:  # one kind alone being named leaves the other out
            yield _EVERY
    elif trigger.event in _CHOSEN:
        yield _EVERY
    elif trigger.event in _TAGGED:
        if policy.is_tag:
            yield _EVERY
    elif policy.is_tag:
        return
    elif trigger.event in _PROPOSED:
        yield "refs/pull/1/merge"
    elif trigger.event == "merge_group":
        yield "gh-readonly-queue/*/*"
    else:
        yield branch
