"""Why a stage of a run stands as it does: its gates, out of the run's events. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.engine.judging import gate_values, upstream_of
from sluicegate.gates.explanation import (
    ExplainedGate,
    explain_result,
    explain_text,
)
from sluicegate.gates.facts import FACTS, STABLE
from sluicegate.model.decision import Verdict
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    GateRecord,
    ReleaseRequested,
    StageFinished,
)
from sluicegate.model.evidence import Value
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.stage import Stage

Meanings = Mapping[str, tuple[str, str]]
"""Unit and meaning of names that conditions may read."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A stage of a run. ``named`` is what the pipeline file says of it now, if it does.

    ``measured`` is the evidence that its gates had.
    """

    state: StageState
    named: NamedStage | None
    measured: Mapping[str, Value]
    meanings: Meanings


def explain_stage(
    run: Run, events: Sequence[Event], name: str, pipeline: Pipeline | None
) -> tuple[ExplainedGate, ...]:
    """The gates of the stage *name*, which the run must have, in the order judged.

    Args:
        run: the fold of *events*.
        events: of the run, oldest first.
        name: of the stage.
        pipeline: the pipeline file now, for units and what was not judged; None if
            there is none.
    """
    state = run.stage(name)
    found = {each.stage: each.evidence.fields for each in upstream_of(run, name)}
    if state.finished is not None:
        found[name] = state.finished.evidence.fields
    case = _Case(
        state,
        _find(pipeline, name),
        gate_values(found),
        meanings_of(pipeline.stages if pipeline else ()),
    )
    entry = _entry(case, events)
    own = _own(case, is_behind=entry is not None and _is_refused(case.state))
    return (own,) if entry is None else (entry, own)


def meanings_of(stages: Iterable[NamedStage]) -> Meanings:
    """What conditions of the pipeline may read: facts, and evidence of each release."""
    found = {name: (fact.unit, fact.meaning) for name, fact in FACTS.items()}
    for named in stages:
        for spec in named.stage.fields():
            name = f"{named.name}.{spec.name}"
            found[name] = (spec.unit, spec.meaning)
            found[f"{STABLE}{name}"] = (spec.unit, f"{spec.meaning} (stable release)")
    return found


def _find(pipeline: Pipeline | None, name: str) -> NamedStage | None:
    stages = pipeline.stages if pipeline else ()
    return next((each for each in stages if each.name == name), None)


def _is_refused(state: StageState) -> bool:
    """Whether the last attempt ended at the entry gate: it has measured nothing."""
    finished = state.finished
    return (
        finished is not None
        and finished.gate is not None
        and state.planned.uses == CanaryStage.kind
        and not finished.evidence.fields
    )


def _entry(case: _Case, events: Sequence[Event]) -> ExplainedGate | None:
    """The entry gate, None of a stage that has none."""
    name, finished = case.state.name, case.state.finished
    entered = asked = None
    for event in events:
        if isinstance(event, EnvironmentEntered) and event.stage == name:
            entered = event
        elif isinstance(event, ReleaseRequested) and event.stage == name:
            asked = event
    place = _environment(case.named.stage if case.named else None)
    place = asked.environment if asked else place
    if _is_refused(case.state) and finished is not None and finished.gate is not None:
        return _recorded(case, finished.gate, finished.reason, place or "")
    if entered is not None:
        record = GateRecord(entered.policy, Verdict.OPEN, entered.conditions)
        return _recorded(case, record, "", entered.environment)
    return None


def _environment(stage: Stage | None) -> str | None:
    return stage.environment if isinstance(stage, CanaryStage) else None


def _own(case: _Case, *, is_behind: bool) -> ExplainedGate:
    finished = case.state.finished
    if not is_behind and finished is not None and finished.gate is not None:
        gate = _recorded(case, finished.gate, finished.reason, None)
        if gate.rules:
            return gate
    conditions = case.named.gate.conditions if case.named else ()
    return ExplainedGate(
        None,
        None,
        "the entry gate comes first" if is_behind else _why_not(case.state),
        tuple(
            explain_text(each.text, case.meanings, case.measured) for each in conditions
        ),
    )


def _why_not(state: StageState) -> str:
    """Why the gate was not judged."""
    finished: StageFinished | None = state.finished
    if finished is not None:
        return finished.reason
    match state.phase:
        case Phase.SKIPPED:
            return f"the stage was not run: {state.skipped}"
        case Phase.WAITING:
            return "the stage has not begun"
        case Phase.RUNNING | Phase.DONE:
            return "the stage has not ended"


def _recorded(
    case: _Case, gate: GateRecord, reason: str, environment: str | None
) -> ExplainedGate:
    rules = tuple(
        explain_result(each, case.measured, case.meanings) for each in gate.conditions
    )
    return ExplainedGate(environment, gate.verdict, reason, rules)
