"""Why a step of the Action ended as it did: one stable word for machines. Pure.

The words are a promise, as exit codes are: docs/action.md lists them. A word may be
added; none changes its meaning.
"""

import enum
from collections.abc import Iterator

from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    Interrupted,
    PipelineFileError,
    SluicegateError,
    TransientError,
    UsageError,
)
from sluicegate.gates.budget import is_of_budget
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import CanaryJudged, RolloutFinished
from sluicegate.model.rollout import CanaryVerdict, RolloutResult
from sluicegate.model.run import Run, StageState
from sluicegate.report.github.shown import Unrecorded


@enum.unique
class ReasonCode(enum.Enum):
    """Why a step ended as it did."""

    GATES_OPEN = "gates-open"
    OVERRIDDEN = "overridden"
    APPROVED = "approved"
    AUDITED = "audited"
    DEADLINE = "deadline"
    GATE_CLOSED = "gate-closed"
    APPROVAL_REJECTED = "approval-rejected"
    APPROVAL_REFUSED = "approval-refused"
    CANARY_ABORTED = "canary-aborted"
    BUDGET_USED_UP = "budget-used-up"
    PIPELINE_UNKNOWN = "pipeline-unknown"
    NOT_RECORDED = "not-recorded"
    RETENTION_SHORT = "retention-short"
    APPROVAL_MISSING = "approval-missing"
    REQUEST_OUTDATED = "request-outdated"
    WINDOW_CLOSED = "window-closed"
    ENVIRONMENT_LOCKED = "environment-locked"
    ORDER_NOT_MET = "order-not-met"
    CANARY_RUNNING = "canary-running"
    CANARY_HELD = "canary-held"
    WAITING = "waiting"
    NOTHING_TO_DO = "nothing-to-do"
    TOOL_BROKEN = "tool-broken"
    TRY_AGAIN = "try-again"
    SETUP_FAILED = "setup-failed"  # written by action/step.sh: no Python has run
    INTERNAL_ERROR = "internal-error"
    USAGE = "usage"
    PIPELINE_FILE = "pipeline-file"
    TAMPERED = "tampered"
    INTERRUPTED = "interrupted"


# The rules of an entry gate by what their texts begin with (`sluicegate.gates.entry`).
# Of several that do not hold the first says why: waiting for people comes before the
# rest, for it takes longest.
_ENTRY_RULES = (
    ("nobody rejects it", ReasonCode.APPROVAL_REJECTED),
    ("the request is in force", ReasonCode.REQUEST_OUTDATED),
    ("the pipeline is ", ReasonCode.PIPELINE_UNKNOWN),
    ("approvals as ", ReasonCode.APPROVAL_MISSING),
    ("no lock", ReasonCode.ENVIRONMENT_LOCKED),
    ("stable in ", ReasonCode.ORDER_NOT_MET),
    ("no freeze: ", ReasonCode.WINDOW_CLOSED),
    ("change window: ", ReasonCode.WINDOW_CLOSED),
)
_OUTSIDE = frozenset(("publish", "canary"))
_ENTERS = "canary"
_BY_ERROR: tuple[tuple[type[SluicegateError], ReasonCode], ...] = (
    (IntegrityError, ReasonCode.TAMPERED),
    (PipelineFileError, ReasonCode.PIPELINE_FILE),
    (UsageError, ReasonCode.USAGE),
    (TransientError, ReasonCode.TRY_AGAIN),
    (ExternalError, ReasonCode.TOOL_BROKEN),
    (Interrupted, ReasonCode.INTERRUPTED),
)


def reason_of_error(error: Exception) -> ReasonCode:
    """Why a step ended that could not go on."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return ReasonCode.INTERNAL_ERROR


def reason_of_run(run: Run, unrecorded: Unrecorded | None = None) -> ReasonCode:
    """Why *run* ended as it did; *unrecorded* is why it was not recorded, if so.

    Of several stages that did not open, the first one's reason.
    """
    if run.finished is None:
        return ReasonCode.INTERRUPTED
    if run.started.over_budget is not None:
        return ReasonCode.BUDGET_USED_UP
    outcome = run.finished.outcome
    if outcome is Outcome.OPEN:
        return _why_open(run)
    ended = [stage for stage in run.stages if stage.outcome is outcome]
    if outcome is Outcome.BROKEN:
        return ReasonCode.TOOL_BROKEN
    if outcome is Outcome.PENDING:
        return _why_pending(ended[0]) if ended else ReasonCode.WAITING
    inside = [stage for stage in ended if stage.planned.uses not in _OUTSIDE]
    if unrecorded is not None and ended and not inside:
        return ReasonCode.NOT_RECORDED
    return _why_closed(ended[0]) if ended else ReasonCode.GATE_CLOSED


def _why_open(run: Run) -> ReasonCode:
    if any(stage.entered and stage.entered.override for stage in run.stages):
        return ReasonCode.OVERRIDDEN
    if any(_judged_by_deadline(stage) for stage in run.stages):
        return ReasonCode.DEADLINE
    return ReasonCode.GATES_OPEN


def _why_closed(stage: StageState) -> ReasonCode:
    if _result(stage) is RolloutResult.ROLLED_BACK:
        by_deadline = _judged_by_deadline(stage)
        return ReasonCode.DEADLINE if by_deadline else ReasonCode.CANARY_ABORTED
    return next(_unmet(stage, Verdict.CLOSED), ReasonCode.GATE_CLOSED)


def _why_pending(stage: StageState) -> ReasonCode:
    if _result(stage) is RolloutResult.HELD:
        return ReasonCode.CANARY_HELD
    if stage.rollout:
        return ReasonCode.CANARY_RUNNING
    return next(_unmet(stage, Verdict.PENDING), ReasonCode.WAITING)


def _unmet(stage: StageState, verdict: Verdict) -> Iterator[ReasonCode]:
    """What rules say *verdict* that are not of the stage itself, weightiest first."""
    gate = stage.finished.gate if stage.finished else None
    unmet = [one for one in gate.conditions if one.verdict is verdict] if gate else []
    if any(is_of_budget(one.condition) for one in unmet):
        yield ReasonCode.BUDGET_USED_UP
    if stage.planned.uses == _ENTERS:
        for begins, code in _ENTRY_RULES:
            if any(one.condition.startswith(begins) for one in unmet):
                yield code


def _result(stage: StageState) -> RolloutResult | None:
    last = stage.rollout[-1] if stage.rollout else None
    return last.result if isinstance(last, RolloutFinished) else None


def _judged_by_deadline(stage: StageState) -> bool:
    judged = [event for event in stage.rollout if isinstance(event, CanaryJudged)]
    if not judged or judged[-1].verdict is CanaryVerdict.HOLD:
        return False
    return judged[-1].cause == "deadline"


def decide(verdict: str) -> str:
    """What the next job should do: ``continue``, ``wait`` or ``stop``.

    Only *verdict* ``open`` lets anything go on, and only ``pending`` may yet become it
    without a change.
    """
    return {"open": "continue", "pending": "wait"}.get(verdict, "stop")
