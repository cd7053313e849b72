"""From a stage's report to the event that ends its attempt. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sluicegate.errors import SluicegateError
from sluicegate.gates.gate import Gate
from sluicegate.gates.undecided import leave_out_said
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    GateRecord,
    HandedOver,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.resources import Resources
from sluicegate.model.run import Run
from sluicegate.model.tool import Tool


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a stage, from its start to its end.

    ``inputs``, ``cached``, ``declared`` and ``handed_over`` are as `StageFinished` has
    them.
    """

    stage: str
    number: int
    start_ts: datetime
    end_ts: datetime
    usage: ResourceUsage
    tools: tuple[Tool, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    cached: str | None = None
    declared: Resources | None = None
    handed_over: HandedOver | None = None


def judged(
    attempt: Attempt,
    gate: Gate,
    evidence: Evidence,
    upstream: Mapping[str, Mapping[str, Value]],
    *,
    stable: Mapping[str, Mapping[str, Value]] | None,
    summary: str,
    subjects: tuple[tuple[str, Digest], ...] = (),
) -> StageFinished:
    """End *attempt* with what its gate says of *evidence*.

    *stable* is what `engine.stable` says of the release that the gate compares with.
    The reason of an open gate is the stage's own *summary*; that of any other starts
    with it and goes on with the conditions that did not hold.
    """
    values = gate_values({**upstream, attempt.stage: evidence.fields})
    record, decision = gate.judge_beside(values, stable)
    reason = summary
    if decision.verdict is not Verdict.OPEN:
        why = leave_out_said(decision.reason, summary, evidence.fields)
        reason = f"{summary} ({why})"
    return _finished(
        attempt, Outcome.of(decision.verdict), reason, record, evidence, subjects
    )


def pending(
    attempt: Attempt, gate: Gate, evidence: Evidence, reason: str
) -> StageFinished:
    """End *attempt* without an answer: more data, or a person, is needed."""
    record = GateRecord(gate.policy, Verdict.PENDING, ())
    return _finished(attempt, Outcome.PENDING, reason, record, evidence, ())


def left_to_others(
    attempt: Attempt, gate: Gate, error: SluicegateError
) -> StageFinished:
    """End *attempt* where whoever takes it over can tell what is unknown here."""
    reason = f"whoever takes it over can tell: {error}"
    return pending(attempt, gate, Evidence(), reason)


def unjudged(attempt: Attempt, record: GateRecord, reason: str) -> StageFinished:
    """End *attempt* before the stage has done anything, by another gate's *record*."""
    outcome = Outcome.of(record.verdict)
    return _finished(attempt, outcome, reason, record, Evidence(), ())


def over_budget(
    attempt: Attempt, gate: Gate, refused: ConditionResult
) -> StageFinished:
    """End *attempt* before the stage has done anything: a budget is used up."""
    record = GateRecord(gate.policy, refused.verdict, (refused,))
    return unjudged(attempt, record, refused.reason)


def broken(attempt: Attempt, error: SluicegateError) -> StageFinished:
    """End *attempt* for a tool that failed: there is no judgement."""
    reason = f"{error} -- {error.hint}" if error.hint else str(error)
    return _finished(attempt, Outcome.BROKEN, reason, None, Evidence(), ())


def unrecordable(event: StageFinished, error: SluicegateError) -> StageFinished:
    """End the attempt of *event* without what the log cannot take.

    A verdict whose evidence is not in the log would be nobody's verdict.
    """
    return replace(
        event,
        outcome=Outcome.BROKEN,
        reason=f"its evidence cannot be recorded: {error}",
        gate=None,
        evidence=Evidence(),
        tools=(),
        subjects=(),
        inputs={},
        cached=None,
    )


def gate_values(evidence: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    """Name every evidence field as gates do: ``<stage>.<field>``."""
    return {
        f"{stage}.{field}": value
        for stage, fields in evidence.items()
        for field, value in fields.items()
    }


def upstream_of(run: Run, name: str) -> list[StageFinished]:
    """How the stages ended that *name* needs, directly or not, in their order.

    No other stage's findings may reach a gate: a clean image scanned in another branch
    says nothing of the one that is released.
    """
    needed: set[str] = set()
    waiting = list(run.stage(name).planned.needs)
    while waiting:
        need = waiting.pop()
        if need not in needed:
            needed.add(need)
            waiting += run.stage(need).planned.needs
    return [
        stage.finished
        for stage in run.stages
        if stage.name in needed and stage.finished is not None
    ]


def _finished(
    attempt: Attempt,
    outcome: Outcome,
    reason: str,
    gate: GateRecord | None,
    evidence: Evidence,
    subjects: tuple[tuple[str, Digest], ...],
) -> StageFinished:
    return StageFinished(
        stage=attempt.stage,
        attempt=attempt.number,
        outcome=outcome,
        reason=" ".join(reason.split()),  # one line, whatever a tool said
        gate=gate,
        evidence=evidence,
        tools=attempt.tools,
        subjects=subjects,
        usage=attempt.usage,
        start_ts=attempt.start_ts,
        end_ts=attempt.end_ts,
        inputs=attempt.inputs,
        cached=attempt.cached,
        declared=attempt.declared,
        handed_over=attempt.handed_over,
    )
