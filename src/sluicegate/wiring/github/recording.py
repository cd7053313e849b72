"""Whether what a step does is recorded: by what started it, and by who holds a key."""

from sluicegate.errors import UsageError
from sluicegate.report.github.shown import Unrecorded
from sluicegate.wiring.github.inputs import Inputs, Task
from sluicegate.wiring.github.occasion import Occasion

_PROPOSALS = frozenset(("merge_group",))
_RECORDED = frozenset(
    (
        *("push", "workflow_dispatch", "schedule", "repository_dispatch"),
        *("release", "create", "deployment"),
    )
)
_NEED_A_LOG = (Task.APPROVE, Task.ROLLOUT)


def why_unrecorded(
    inputs: Inputs, occasion: Occasion, *, has_key: bool
) -> Unrecorded | None:
    """Why the step's run is judged and not recorded; None if it is recorded.

    A pull request never is, whoever has a key: what it proposes has not happened.

    Raises:
        UsageError: the key is in a workflow that others can start for code of theirs,
            or what is asked takes a log.
    """
    if inputs.task in _NEED_A_LOG:
        _check_can_append(inputs, occasion, has_key=has_key)
        return None
    if occasion.is_pull_request or occasion.event in _PROPOSALS:
        return Unrecorded.PULL_REQUEST
    if inputs.task is Task.STAGES:
        return Unrecorded.ASKED  # another job records
    if not has_key:
        return Unrecorded.NO_KEY
    if occasion.event not in _RECORDED:
        raise UsageError(
            f"log-key is given to a workflow that {occasion.event} has started",
            hint="anybody may be able to start that with code of theirs: give the key"
            " to workflows that a push, a schedule or a dispatch starts",
        )
    return None


def _check_can_append(inputs: Inputs, occasion: Occasion, *, has_key: bool) -> None:
    if occasion.is_pull_request or occasion.event not in _RECORDED:
        raise UsageError(
            f"`{inputs.task.value}` cannot be started by {occasion.event}",
            hint="start it by workflow_dispatch or on a schedule",
        )
    if not has_key:
        raise UsageError(
            f"`{inputs.task.value}` appends to the audit log, and log-key is empty",
            hint="put the log's key into a secret, and give it as `log-key`;"
            " secrets of an environment take `environment:` on the job",
        )
