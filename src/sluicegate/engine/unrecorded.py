"""What a run without a log may not do: release anything. Pure."""

from sluicegate.engine.judging import Attempt, unjudged
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult, GateRecord, StageFinished

NOT_RECORDED = "NOT RECORDED"
"""How every word begins that is owed to there being no log."""

_CONDITION = "the run is recorded"
_REASON = (
    f"{NOT_RECORDED}: what is released is in an audit log before it happens, and this"
    " run is in none"
)


def refuse_release(attempt: Attempt, gate: Gate) -> StageFinished:
    """End *attempt* at a stage that releases, before it has done anything."""
    condition = ConditionResult(_CONDITION, Verdict.CLOSED, _REASON)
    record = GateRecord(gate.policy, Verdict.CLOSED, (condition,))
    return unjudged(attempt, record, _REASON)
