"""The run as a pure machine: `advance(run_id, run, event) -> run, effects`.

Invariants:

- The state holds nothing that is not in the events, so folding the log gives it back.
- A stage starts only when every stage it needs is open. What may start is said at once;
  how many of them run side by side is for the loop to choose.
- An attempt that is broken is followed by another as often as the stage was planned
  with; any other end of an attempt is not.
- Open and closed are final. Pending and broken runs can be resumed: `resume` says what
  to do next for a state that another process left behind.

An event that cannot follow the ones before it means that the log does not hold what
happened: `IntegrityError`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sluicegate.errors import IntegrityError
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    EntryEvent,
    EnvironmentEntered,
    Event,
    GpuReserved,
    PublishConfirmed,
    PublishEvent,
    PublishRequested,
    ReleaseRequested,
    RolloutEvent,
    RolloutFinished,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import Phase, Run, StageState

_FINAL = (Outcome.OPEN, Outcome.CLOSED)


@dataclass(frozen=True, slots=True)
class RunStage:
    """Begin this attempt at a stage and carry it through.

    ``tries`` counts the attempts before it since the run began or was resumed.
    """

    stage: str
    attempt: int
    tries: int = 0


@dataclass(frozen=True, slots=True)
class SkipStage:
    """Record that a stage will not run."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class FinishRun:
    """Record how the run ended; nothing is left that could run."""

    outcome: Outcome
    reason: str


Effect = RunStage | SkipStage | FinishRun


def advance(
    run_id: str, run: Run | None, event: Event
) -> tuple[Run, tuple[Effect, ...]]:
    """Apply *event* and say all that is to be done now; nothing while stages run.

    Raises:
        IntegrityError: the event cannot follow the ones before it.
    """
    run = apply(run_id, run, event)
    return run, () if run.finished or run.interrupted else _next(run)


def fold(run_id: str, events: Iterable[Event]) -> Run:
    """The state after *events*.

    Raises:
        IntegrityError: there are none, or one cannot follow the ones before it.
    """
    run: Run | None = None
    for event in events:
        run = apply(run_id, run, event)
    if run is None:
        raise IntegrityError(f"the log holds no event of run {run_id}")
    return run


def is_final(run: Run) -> bool:
    """Whether the run can not be resumed: it ended open or closed."""
    return run.finished is not None and run.finished.outcome in _FINAL


def apply(run_id: str, run: Run | None, event: Event) -> Run:
    """Fold one event into the state; None is the state before the first.

    Raises:
        IntegrityError: the event cannot follow the ones before it.
    """
    if run is None:
        if not isinstance(event, RunStarted):
            raise _misplaced(run_id, event)
        stages = tuple(StageState(planned) for planned in event.stages)
        return Run(run_id, event, stages, events=1)
    if run.finished and (is_final(run) or not isinstance(event, RunResumed)):
        raise _misplaced(run_id, event)
    run = replace(run, events=run.events + 1)
    match event:
        case RunStarted():
            raise _misplaced(run_id, event)
        case RunResumed():
            stages = tuple(_reopen(stage) for stage in run.stages)
            return replace(run, stages=stages, finished=None, interrupted=False)
        case RunInterrupted():
            return replace(run, interrupted=True)
        case RunFinished():
            # How it is said may differ from version to version.
            due = [e.outcome for e in _next(run) if isinstance(e, FinishRun)]
            if due != [event.outcome]:
                raise _misplaced(run_id, event)
            return replace(run, finished=event)
        case StageStarted() | StageFinished() | StageSkipped():
            return _with(run, _apply_to_stage(run, event))
        case _:
            return _with(run, _apply_to_running(_stage(run, event), event, run_id))


def _apply_to_stage(
    run: Run, event: StageStarted | StageFinished | StageSkipped
) -> StageState:
    run_id, stage = run.run_id, _stage(run, event)
    match event:
        case StageStarted():
            due = stage.phase is Phase.WAITING and _may_start(run, stage)
            if not due or event.attempt != stage.attempt + 1:
                raise _misplaced(run_id, event)
            return replace(
                stage,
                phase=Phase.RUNNING,
                attempt=event.attempt,
                tries=stage.tries + 1,
            )
        case StageFinished():
            due = stage.phase is Phase.RUNNING and event.attempt == stage.attempt
            if not due or not _is_judged(event):
                raise _misplaced(run_id, event)
            is_broken = event.outcome is Outcome.BROKEN
            stage = replace(stage, trouble=event.reason if is_broken else "")
            if is_broken and stage.tries <= stage.planned.retries:
                return replace(stage, phase=Phase.WAITING)
            return replace(stage, phase=Phase.DONE, finished=event)
        case StageSkipped():
            due = stage.phase is Phase.WAITING and _may_be_skipped(run, stage, event)
            if not due:
                raise _misplaced(run_id, event)
            return replace(stage, phase=Phase.SKIPPED, skipped=event.reason)


def _may_be_skipped(run: Run, stage: StageState, event: StageSkipped) -> bool:
    """A condition of its own is asked only where the stage could have started."""
    if event.condition is None:
        return _obstacle(run, stage) is not None
    return _may_start(run, stage)


def _is_judged(event: StageFinished) -> bool:
    """The outcome is the gate's verdict, or broken where no gate could judge."""
    if event.gate is None:
        return event.outcome is Outcome.BROKEN
    return event.outcome is Outcome.of(event.gate.verdict)


def _apply_to_running(
    stage: StageState,
    event: SecretEvent | PublishEvent | EntryEvent | RolloutEvent | GpuReserved,
    run_id: str,
) -> StageState:
    if stage.phase is not Phase.RUNNING:
        raise _misplaced(run_id, event)
    match event:
        case GpuReserved():
            return stage  # of one attempt, and for the accounts alone
        case SecretsGiven() | SecretsRevoked():
            return stage  # of one attempt, and for those who look into the log
        case PublishRequested() | PublishConfirmed():
            return replace(stage, publish=(*stage.publish, event))
        case ReleaseRequested() | EnvironmentEntered():
            return _apply_to_entry(stage, event, run_id)
        case _:
            return replace(stage, rollout=(*stage.rollout, event))


def _apply_to_entry(stage: StageState, event: EntryEvent, run_id: str) -> StageState:
    """An environment is entered once a rollout, by the newest request if by any.

    As long as no rollout has begun, a new request takes the place of an entry.
    """
    if stage.rollout:
        raise _misplaced(run_id, event)
    if isinstance(event, ReleaseRequested):
        return replace(stage, requested=event, entered=None)
    if stage.entered is not None:
        raise _misplaced(run_id, event)
    newest = None if stage.requested is None else stage.requested.request
    if event.request not in {None, newest}:
        raise _misplaced(run_id, event)
    return replace(stage, entered=event)


def _reopen(stage: StageState) -> StageState:
    """What a resumed run makes of a stage: whatever has no final answer waits again.

    A rollout that was held at its deadline begins anew; any other goes on from its
    events, and is not repeated if they say that it has ended.
    """
    if stage.phase is Phase.WAITING or _is_settled(stage):
        return replace(stage, tries=0)
    last = stage.rollout[-1] if stage.rollout else None
    held = isinstance(last, RolloutFinished) and last.result is RolloutResult.HELD
    again = replace(stage, phase=Phase.WAITING, tries=0, finished=None)
    if held:  # another rollout, for which the gate must open again
        return replace(again, rollout=(), requested=None, entered=None)
    return again


def _next(run: Run) -> tuple[Effect, ...]:
    """What to do now. Stages are in an order in which each follows what it needs."""
    effects: list[Effect] = []
    for stage in run.stages:
        if stage.phase is not Phase.WAITING:
            continue
        if obstacle := _obstacle(run, stage):
            effects.append(SkipStage(stage.name, obstacle))
        elif _may_start(run, stage):
            effects.append(RunStage(stage.name, stage.attempt + 1, stage.tries))
    if effects or any(stage.phase is Phase.RUNNING for stage in run.stages):
        return tuple(effects)
    return (_conclusion(run),)


def _may_start(run: Run, stage: StageState) -> bool:
    """Every stage it needs is open."""
    needs = map(run.stage, stage.planned.needs)
    return all(need.outcome is Outcome.OPEN for need in needs)


def _obstacle(run: Run, stage: StageState) -> str | None:
    """Why *stage* can never start in this run, or None if it may."""
    for need in map(run.stage, stage.planned.needs):
        if need.outcome is Outcome.CLOSED:
            return f"{need.name} is closed"
        if need.phase is Phase.SKIPPED:
            return f"{need.name} is skipped"
    return None


def _is_settled(stage: StageState) -> bool:
    return stage.phase is Phase.SKIPPED or stage.outcome in _FINAL


def _conclusion(run: Run) -> FinishRun:
    """No answer outweighs every answer but "no".

    Open needs an open gate, and no stage but those whose own ``when`` left them out,
    with what needs them, may be without one.
    """
    for outcome in (Outcome.CLOSED, Outcome.BROKEN, Outcome.PENDING):
        names = [stage.name for stage in run.stages if stage.outcome is outcome]
        if names:
            return FinishRun(outcome, f"stopped at {', '.join(names)}")
    left_out = [s.name for s in run.stages if s.phase is Phase.SKIPPED]
    number = sum(stage.outcome is Outcome.OPEN for stage in run.stages)
    if number == 0 or number + len(left_out) < len(run.stages):
        return FinishRun(Outcome.CLOSED, "no stage ran")
    if left_out:
        gates = f"{number} gates are open" if number > 1 else "one gate is open"
        return FinishRun(Outcome.OPEN, f"{gates}; not run: {', '.join(left_out)}")
    said = f"all {number} gates are open" if number > 1 else "the gate is open"
    return FinishRun(Outcome.OPEN, said)


def _stage(
    run: Run,
    event: StageStarted
    | StageFinished
    | StageSkipped
    | GpuReserved
    | SecretEvent
    | PublishEvent
    | EntryEvent
    | RolloutEvent,
) -> StageState:
    try:
        return run.stage(event.stage)
    except KeyError:
        raise _misplaced(run.run_id, event) from None


def _with(run: Run, changed: StageState) -> Run:
    stages = tuple(changed if s.name == changed.name else s for s in run.stages)
    return replace(run, stages=stages)


def _misplaced(run_id: str, event: Event) -> IntegrityError:
    return IntegrityError(
        f"run {run_id}: the log holds a {type(event).__name__} that cannot follow the"
        " events before it",
        hint="check the log with `sluice audit verify`",
    )
