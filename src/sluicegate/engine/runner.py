"""The loop: effect → ports → event → machine, until nothing is left to do."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from sluicegate.engine.beginning import check_kept, check_unchanged
from sluicegate.engine.crew import Crew
from sluicegate.engine.judging import (
    Attempt,
    broken,
    over_budget,
    unrecordable,
    upstream_of,
)
from sluicegate.engine.ledger import Ledger
from sluicegate.engine.machine import FinishRun, RunStage, SkipStage
from sluicegate.engine.outputs import restore_outputs
from sluicegate.engine.publish_runner import PublishRunner
from sluicegate.engine.rollout_runner import RolloutRunner
from sluicegate.engine.schedule import choose
from sluicegate.engine.secret_rules import releasing_of
from sluicegate.engine.secrets import StageSecrets
from sluicegate.engine.situation import Earlier, Situation
from sluicegate.engine.stage_runner import StageRunner
from sluicegate.engine.taking import Taker, load
from sluicegate.engine.toolbox import Observer, Ports, Record
from sluicegate.engine.unrecorded import refuse_release
from sluicegate.engine.whens import judge_when, look_up
from sluicegate.errors import Interrupted, PermanentError, UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import (
    ConditionResult,
    Event,
    GpuReserved,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.run import Run
from sluicegate.model.source import Source, WorkTree
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.publish import PublishStage
from sluicegate.stages.stage import CommandStage, Retries

_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_BACKOFF = timedelta(minutes=10)


class Runner:
    """Executes one run of *pipeline*; every event is recorded before it counts.

    At most *jobs* stages run programs at once. Earlier results are used for all stages
    but those in *forced*. *earlier* is the release that it goes back to, if it does.
    The *observer* is called by several threads.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        source: Source,
        ports: Ports,
        record: Record,
        observer: Observer,
        *,
        jobs: int = 1,
        forced: Collection[str] = (),
        earlier: Earlier | None = None,
    ) -> None:
        self._earlier = earlier
        self._pipeline = pipeline
        self._source = source
        self._ports = ports
        self._record = record
        self._observer = observer
        self._jobs = jobs
        self._forced = forced

    def start(self, run_id: str, started: RunStarted) -> Run:
        """Begin a run and carry it to its end.

        Raises:
            Interrupted: asked to stop; the run can be resumed.
            ExternalError: an event could not be recorded; the run can be resumed.
        """
        ledger = Ledger(run_id, self._record, self._observer)
        return self._loop(ledger, run_id, started, started)

    def resume(self, run: Run) -> Run:
        """Go on with a run that another process left behind.

        What its finished stages have written is put back: the run may have begun in
        another folder, on another machine. Not so what other jobs have handed over: it
        stays out of this work tree, in which no program of the project is run. The
        engine gets the images that are handed over once more.

        Raises:
            Interrupted: as for `start`.
            ExternalError: as for `start`.
            IntegrityError: what they have written is not what was kept.
        """
        for state in run.stages:
            if state.finished is not None and state.outcome is Outcome.OPEN:
                self._put_back(state.finished)
        ledger = Ledger(run.run_id, self._record, self._observer, run)
        return self._loop(ledger, run.run_id, run.started, RunResumed())

    def _put_back(self, finished: StageFinished) -> None:
        if finished.handed_over is None:
            restore_outputs(finished.evidence.files, self._ports)
            return
        named = self._pipeline.stage(finished.stage)
        load(named, finished, self._ports, self._observer)

    def _loop(
        self, ledger: Ledger, run_id: str, started: RunStarted, first: Event
    ) -> Run:
        clock = self._ports.clock
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        # A run is about the branch it began on, wherever it is resumed.
        source = replace(self._source, branch=started.branch)
        situation = Situation(
            self._pipeline, source, run_id, started.labels, self._earlier
        )
        attempts = _Attempts(
            situation, ledger, self._ports, self._observer, self._forced
        )
        ledger.happen(first)
        with Crew(len(started.stages), attempts.carry_out) as crew:
            while not isinstance(effect := next(iter(ledger.effects), None), FinishRun):
                if isinstance(effect, SkipStage):
                    ledger.happen(StageSkipped(effect.stage, effect.reason))
                elif not attempts.leave_out(crew.busy):
                    self._start_more(ledger, crew)
                    self._await_next(ledger, crew)
        wall_ms = clock.monotonic_ms() - start_ms
        ledger.happen(
            RunFinished(effect.outcome, effect.reason, start_ts, clock.now(), wall_ms)
        )
        return ledger.run

    def _start_more(self, ledger: Ledger, crew: Crew) -> None:
        ready = (
            effect
            for effect in ledger.effects
            if isinstance(effect, RunStage) and effect.stage not in crew.busy
        )
        for effect in choose(ready, crew.busy, self._pipeline, self._jobs):
            crew.start(effect)

    def _await_next(self, ledger: Ledger, crew: Crew) -> None:
        """Let the end of the next attempt happen.

        Raises:
            Interrupted: asked to stop; every stage has ended, and that is recorded.
            Exception: whatever else an attempt raised, once every stage has ended.
        """
        stage, ended = crew.next()
        if isinstance(ended, StageFinished):
            _finish(ledger, ended)
            return
        stopped = [stage]
        if not isinstance(ended, Interrupted):
            self._ports.cancel()
        while crew.busy:
            stage, other = crew.next()
            if isinstance(other, StageFinished) and isinstance(ended, Interrupted):
                _finish(ledger, other)
            else:
                stopped.append(stage)
        if isinstance(ended, Interrupted):
            ledger.happen(RunInterrupted(stopped[0] if len(stopped) == 1 else None))
        raise ended


class _Attempts:
    """Carries out attempts at the stages of one run; each in the thread that calls."""

    def __init__(
        self,
        situation: Situation,
        ledger: Ledger,
        ports: Ports,
        observer: Observer,
        forced: Collection[str],
    ) -> None:
        self._situation = situation
        self._ledger = ledger
        self._ports = ports
        secrets = StageSecrets(
            ports, situation, ledger.happen, self._find_releasing, observer
        )
        self._stages = StageRunner(
            ports,
            situation,
            self._check_tree,
            self._check_kept,
            self._reserve,
            observer,
            secrets,
            forced,
        )
        self._taker = Taker(ports, self._check_tree, observer, secrets)
        self._rollouts = RolloutRunner(
            ports, self._check_tree, ledger.happen, observer, secrets
        )
        self._publishes = PublishRunner(
            ports,
            situation.pipeline,
            situation.source,
            self._check_tree,
            ledger.happen,
            observer,
        )

    def leave_out(self, busy: Collection[str]) -> bool:
        """Skip the stages that may start now and whose own condition does not hold."""
        left_out = False
        for effect in self._ledger.effects:
            if isinstance(effect, RunStage) and effect.stage not in busy:
                named = self._named(effect.stage)
                reason = self._reason_to_skip(named)
                if named.when is not None and reason is not None:
                    skipped = StageSkipped(effect.stage, reason, named.when.text)
                    self._ledger.happen(skipped)
                    left_out = True
        return left_out

    def carry_out(self, effect: RunStage) -> StageFinished:
        """Begin an attempt and carry it through.

        Raises:
            Interrupted: asked to stop.
        """
        named, clock = self._named(effect.stage), self._ports.clock
        if effect.tries:
            clock.sleep(_wait_before(named.stage.retries, effect.tries))
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        self._ledger.happen(StageStarted(effect.stage, effect.attempt, start_ts))
        try:
            self._check_when(named)
        except PermanentError as error:
            usage = ResourceUsage(clock.monotonic_ms() - start_ms)
            end = clock.now()
            attempt = Attempt(named.name, effect.attempt, start_ts, end, usage)
            return broken(attempt, error)
        return self._within_budget(named, effect.attempt)

    def _within_budget(self, named: NamedStage, number: int) -> StageFinished:
        """Carry the attempt through, unless a budget is used up.

        A stage that runs programs asks for its GPUs itself, once it is known that no
        earlier result will do.
        """
        refused, asks_itself = self._ledger.run.started.over_budget, False
        if refused is None:
            asks_itself = isinstance(named.stage, CommandStage)
            refused = None if asks_itself else self._reserve(named)
        if refused is not None:
            now = self._ports.clock.now()
            attempt = Attempt(named.name, number, now, now, ResourceUsage(0))
            return over_budget(attempt, named.gate, refused)
        finished = self._dispatch(named, number)
        if asks_itself:
            return finished
        return replace(finished, declared=named.stage.declared())

    def _dispatch(self, named: NamedStage, number: int) -> StageFinished:
        run, earlier = self._ledger.run, self._situation.earlier
        upstream = upstream_of(run, named.name) if earlier is None else earlier.evidence
        if not (self._ports.records or isinstance(named.stage, CommandStage)):
            now = self._ports.clock.now()
            attempt = Attempt(named.name, number, now, now, ResourceUsage(0))
            return refuse_release(attempt, named.gate)
        output = self._ports.workspace.output(named.name, number)
        context = self._situation.context(named.name, output, upstream, self._ports)
        match named.stage:
            case CommandStage() if self._is_taken(named.name):
                return self._taker.take(named, named.stage, number, context)
            case CommandStage():
                return self._stages.run(named, named.stage, number, context, upstream)
            case PublishStage():
                return self._publishes.run(
                    named, named.stage, number, context, run, upstream
                )
            case CanaryStage():
                return self._rollouts.run(
                    named,
                    named.stage,
                    number,
                    context,
                    run.stage(named.name),
                    upstream,
                    earlier=earlier,
                )
            case _:
                raise TypeError(f"stage kind {named.stage.kind} cannot be run")

    def _is_taken(self, name: str) -> bool:
        handing = self._ports.handing
        return handing.takes_only or name in handing.taken

    def _reserve(self, named: NamedStage) -> ConditionResult | None:
        """Set aside the GPUs of a stage that is about to start.

        Returns:
            The budget that does not let it, if one does not.

        Raises:
            ExternalError: it may not be recorded.
        """
        declared, limit = named.stage.declared(), named.stage.timeout
        if declared is None or not declared.gpu:
            return None
        asked = GpuReserved(named.name, declared.gpu, limit // _MILLISECOND)
        kept = self._ledger.ask(asked)
        return kept.refused if isinstance(kept, GpuReserved) else None

    def _find_releasing(self) -> frozenset[str]:
        return releasing_of(self._ledger.run, self._situation)

    def _named(self, name: str) -> NamedStage:
        return self._situation.pipeline.stage(name)

    def _reason_to_skip(self, named: NamedStage) -> str | None:
        """Why the stage's own condition leaves it out; None if it does not."""
        try:
            return self._check_when(named)
        except PermanentError:
            return None  # the attempt says so

    def _check_when(self, named: NamedStage) -> str | None:
        if named.when is None:
            return None
        upstream = upstream_of(self._ledger.run, named.name)
        released = look_up(named, self._ports)
        decision = judge_when(named.when, self._situation, upstream, released)
        if decision.verdict is Verdict.OPEN:
            return None
        return f"when: {decision.reason}"

    def _check_tree(self) -> None:
        """See to it that a stage gets what the gates before it have judged.

        Raises:
            PermanentError: the work tree is not what it was when the run began.
        """
        check_unchanged(self._ledger.run.started, self._look())

    def _check_kept(self) -> None:
        """See to it that a stage had the files of the commit until its end.

        Raises:
            PermanentError: one of them is not what it was when the run began.
        """
        check_kept(self._ledger.run.started, self._look())

    def _look(self) -> WorkTree:
        try:
            return self._ports.repository.work_tree()
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error


def _finish(ledger: Ledger, event: StageFinished) -> None:
    try:
        ledger.happen(event)
    except UsageError as error:
        ledger.happen(unrecordable(event, error))


def _wait_before(retries: Retries, tries: int) -> float:
    """Seconds to wait before the next attempt, after *tries* that were broken."""
    doubled = retries.backoff * float(2 ** min(tries - 1, 20))
    return min(doubled, max(_LONGEST_BACKOFF, retries.backoff)).total_seconds()
