"""The loop: effect → ports → event → machine, until nothing is left to do."""

from sluicegate.engine.beginning import check_unchanged
from sluicegate.engine.judging import unrecordable, upstream_of
from sluicegate.engine.machine import (
    Effect,
    FinishRun,
    RunStage,
    SkipStage,
    advance,
)
from sluicegate.engine.rollout_runner import RolloutRunner
from sluicegate.engine.stage_runner import StageRunner
from sluicegate.engine.toolbox import Observer, Ports, Record
from sluicegate.errors import Interrupted, PermanentError, UsageError
from sluicegate.model.event import (
    Event,
    RolloutEvent,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.run import Run
from sluicegate.model.source import Source
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.stage import CommandStage, StageContext


class Runner:
    """Executes one run of *pipeline*; every event is recorded before it counts."""

    def __init__(
        self,
        pipeline: Pipeline,
        source: Source,
        ports: Ports,
        record: Record,
        observer: Observer,
    ) -> None:
        self._pipeline = pipeline
        self._source = source
        self._ports = ports
        self._record = record
        self._observer = observer
        self._stages = StageRunner(ports, self._check_tree, observer)
        self._rollouts = RolloutRunner(ports, self._check_tree, self._emit, observer)
        self._run: Run | None = None

    def start(self, run_id: str, started: RunStarted) -> Run:
        """Begin a run and carry it to its end.

        Raises:
            Interrupted: asked to stop; the run can be resumed.
            ExternalError: an event could not be recorded; the run can be resumed.
        """
        return self._loop(run_id, started)

    def resume(self, run: Run) -> Run:
        """Go on with a run that another process left behind.

        Raises:
            Interrupted: as for `start`.
            ExternalError: as for `start`.
        """
        self._run = run
        return self._loop(run.run_id, RunResumed())

    def _loop(self, run_id: str, first: Event) -> Run:
        clock = self._ports.clock
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        run, effects = self._happen(run_id, first)
        while effects:
            (effect,) = effects  # one at a time: branches do not run side by side yet
            if isinstance(effect, FinishRun):
                wall_ms = clock.monotonic_ms() - start_ms
                event: Event = RunFinished(
                    effect.outcome, effect.reason, start_ts, clock.now(), wall_ms
                )
            elif isinstance(effect, SkipStage):
                event = StageSkipped(effect.stage, effect.reason)
            else:
                event = self._run_stage(run, effect)
            try:
                run, effects = self._happen(run_id, event)
            except UsageError as error:
                if not isinstance(event, StageFinished):
                    raise
                run, effects = self._happen(run_id, unrecordable(event, error))
        return run

    def _run_stage(self, run: Run, effect: RunStage) -> StageFinished:
        """Carry one stage through; an interruption is recorded before it passes on."""
        start = StageStarted(effect.stage, effect.attempt, self._ports.clock.now())
        run, _ = self._happen(run.run_id, start)
        named = self._pipeline.stage(effect.stage)
        context = self._context(run, effect)
        try:
            match named.stage:
                case CommandStage():
                    return self._stages.run(named, named.stage, effect.attempt, context)
                case CanaryStage():
                    return self._rollouts.run(
                        named,
                        named.stage,
                        effect.attempt,
                        context,
                        run.stage(effect.stage).rollout,
                        self._pipeline.environments[named.stage.environment],
                    )
                case _:
                    raise TypeError(f"stage kind {named.stage.kind} cannot be run")
        except Interrupted:
            self._happen(run.run_id, RunInterrupted(effect.stage))
            raise

    def _context(self, run: Run, effect: RunStage) -> StageContext:
        workspace = self._ports.workspace
        upstream = upstream_of(run, effect.stage)
        return StageContext(
            stage=effect.stage,
            pipeline=self._pipeline.name,
            definition=self._pipeline.definition,
            commit=self._source.commit,
            release=self._source.release,
            run_id=run.run_id,
            project=workspace.project(),
            output=workspace.output(effect.stage, effect.attempt),
            cache=workspace.cache(),
            now=self._ports.clock.now(),
            upstream={each.stage: each.evidence.fields for each in upstream},
            images=tuple(
                dict.fromkeys(image for each in upstream for _, image in each.subjects)
            ),
            ca_bundle=self._ports.ca_bundle,
            commit_time=self._source.commit_time,
            home=workspace.home(),
            files=workspace.sources(self._pipeline.stage(effect.stage).stage.reads()),
        )

    def _check_tree(self) -> None:
        """See to it that a stage gets what the gates before it have judged.

        Raises:
            PermanentError: the work tree is not what it was when the run began.
        """
        if self._run is not None:
            try:
                tree = self._ports.repository.work_tree()
            except UsageError as error:
                raise PermanentError(str(error), hint=error.hint) from error
            check_unchanged(self._run.started, tree)

    def _emit(self, event: RolloutEvent) -> None:
        if self._run is None:
            raise TypeError("a rollout event before the run began")
        self._happen(self._run.run_id, event)

    def _happen(self, run_id: str, event: Event) -> tuple[Run, tuple[Effect, ...]]:
        """Check that *event* may follow, record it, and only then let it count.

        The beginning of a stage and a skipped stage have no effect outside the
        workspace: they are committed with whatever comes next.
        """
        run, effects = advance(run_id, self._run, event)
        if isinstance(event, StageStarted | StageSkipped):
            self._record.note(event)
        else:
            self._record.record(event)
        self._run = run
        self._observer.event(event)
        return run, effects
