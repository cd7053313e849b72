"""Running a project's pipeline, and going on with a run."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sluicegate.audit.history import history
from sluicegate.audit.recorder import OnEntry
from sluicegate.engine.beginning import begin, check_resumable
from sluicegate.engine.forecast import check_earlier
from sluicegate.engine.handing import Handing
from sluicegate.engine.ledger import SerialObserver
from sluicegate.engine.machine import fold
from sluicegate.engine.runner import Runner
from sluicegate.engine.situation import Earlier
from sluicegate.engine.steering import Pace
from sluicegate.engine.toolbox import Observer, Record
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.event import RunStarted
from sluicegate.model.run import Run
from sluicegate.report.entering import waits_for
from sluicegate.report.statements import Taken
from sluicegate.wiring.breaking_glass import GlassBreaker, Override
from sluicegate.wiring.choosing import check_handing, choose
from sluicegate.wiring.definitions import Definitions
from sluicegate.wiring.finding_runs import find_run, no_run_yet
from sluicegate.wiring.handing import Announced, Incoming
from sluicegate.wiring.hiding_observer import HidingObserver
from sluicegate.wiring.notify import Notifier, subject_of, without_programs
from sluicegate.wiring.options import Options
from sluicegate.wiring.planning import foresee
from sluicegate.wiring.project import Project
from sluicegate.wiring.prometheus_export import PrometheusExport
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.run_rules import RunRules
from sluicegate.wiring.surroundings import FindOthers, Surroundings, no_others
from sluicegate.wiring.telemetry import RunTelemetry

if TYPE_CHECKING:
    from sluicegate.wiring.giving import Outgoing
    from sluicegate.wiring.waiting import Say

_NO_HANDING = Handing()


@dataclass(frozen=True)
class Execution:
    """Runs of *project*. ``on_entry`` gets each entry of a run as it is recorded.

    ``override`` breaks the glass of every entry gate that does not open. ``earlier`` is
    the release that they go back to, None if they go back to none. ``pace`` says
    whether rollouts are waited for, ``others`` finds those of other runs. Without
    ``records`` they are judged, get into no log, and release nothing. ``textfile`` is
    where their metrics are kept, whatever the variables say.
    """

    project: Project
    on_entry: OnEntry = lambda _entry: None
    override: Override | None = None
    earlier: Earlier | None = None
    pace: Pace = Pace.WAIT
    others: FindOthers = no_others
    records: bool = True
    textfile: Path | None = None
    taken_in: list[Taken] = field(default_factory=list, init=False)
    """What was in the inboxes."""
    given: list[Announced] = field(default_factory=list, init=False)
    """What was handed over to other jobs."""

    @cached_property
    def log(self) -> ProjectLog:
        """The project's log; what stands for it where nothing is recorded."""
        if self.records:
            return ProjectLog(self.project)
        from sluicegate.wiring.unrecorded import NoLog  # noqa: PLC0415 - rare

        return NoLog(self.project)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What its stages meet."""
        return Surroundings(
            self.project,
            self.log,
            self._breaker,
            self.pace,
            self._take_in,
            self.others,
        )

    @cached_property
    def _breaker(self) -> GlassBreaker | None:
        if self.override is None:
            return None
        return GlassBreaker(self.project, self.log, self.override)

    @cached_property
    def _rules(self) -> RunRules:
        return RunRules(self.project, self.surroundings, self._breaker)

    def start(self, observer: Observer, options: Options) -> Run:
        """Run the pipeline for the commit that is checked out, from its first stage.

        Raises:
            UsageError: it cannot be run as it is; nothing was written.
            Interrupted: asked to stop; the run can be resumed.
        """
        project = self.project
        incoming = Incoming(project, options.handed_over, options.labels)
        check_handing(project, options, records=self.records)
        chosen = choose(project, options, incoming.taken, records=self.records)
        started = begin(
            project.pipeline,
            project.source,
            project.machine.clock.now(),
            allow_dirty=options.allow_dirty,
            selection=options.selection,
            labels=options.labels,
            chosen=chosen,
        )
        if self.records:
            if chosen.earlier:
                check_earlier(foresee(project, options), options.selection)
            Definitions(project, self.log).check()
            self._rules.check(
                (named.stage for named in chosen.stages), begins=not options.takes_only
            )
        if options.takes_only:
            started = replace(started, handed_over=incoming.digests)
        handing = Handing(incoming.taken, takes_only=options.takes_only)
        with self._giving(options) as giver:
            run = self._begin(
                started,
                observer,
                jobs=options.jobs,
                forced=options.forced(chosen),
                handing=replace(handing, giver=giver),
            )
            if giver is not None and options.hand_over is not None:
                self.given.append(Announced(options.hand_over, giver.finish()))
        return run

    @contextmanager
    def _giving(self, options: Options) -> Iterator["Outgoing | None"]:
        """Takes what the stages find, if it is to be handed over."""
        if options.hand_over is None:
            yield None
            return
        from sluicegate.wiring.giving import Outgoing, opened  # noqa: PLC0415 - rare

        with opened(self.project, options.hand_over) as folder:
            images = self.surroundings.engine_images()
            yield Outgoing(
                self.project, folder, self.log.evidence, images, options.labels
            )

    def go_back(self, observer: Observer, started: RunStarted) -> Run:
        """Begin the run *started*, which goes back to the earlier release.

        Raises:
            UsageError: it cannot be run as it is; nothing was written.
            Interrupted: asked to stop; the run can be resumed.
        """
        self._rules.check(named.stage for named in self.project.pipeline.stages)
        return self._begin(started, observer, jobs=None)

    def _begin(
        self,
        started: RunStarted,
        observer: Observer,
        *,
        jobs: int | None,
        forced: Collection[str] = (),
        handing: Handing = _NO_HANDING,
    ) -> Run:
        if self.records:
            self._take_in()
        run_id = self.project.machine.new_id()
        with self._recorder(run_id) as recorder:
            started = replace(started, start_ts=self.log.clock.now())
            runner = self._runner(
                run_id,
                recorder,
                observer,
                started,
                jobs=jobs,
                forced=forced,
                handing=handing,
            )
            with self.surroundings.leaving_no_secrets(run_id):
                return runner.start(run_id, started)

    def _recorder(self, run_id: str) -> AbstractContextManager[Record]:
        from sluicegate.wiring.unrecorded import NoLog  # noqa: PLC0415 - rare

        if isinstance(self.log, NoLog):
            return self.log.keeping(run_id, self.on_entry)
        return self.log.recorder(run_id, self.on_entry)

    def resume(
        self,
        run_id: str | None,
        observer: Observer,
        *,
        jobs: int | None = None,
        handed_over: Sequence[Announced] = (),
    ) -> Run:
        """Go on with the run *run_id*, by default the newest.

        What was handed over to it is in its log. Only stages that it has not taken
        over yet, and images that the engine here does not have, need it once more.

        Raises:
            UsageError: there is none, it is over, or it was about something else.
            Interrupted: asked to stop again; the run can be resumed.
        """
        if not self.log.has_begun:
            raise no_run_yet()
        self._take_in()
        run_id = self.find(run_id)
        with self.log.recorder(run_id, self.on_entry) as recorder:
            with self.log.naming():
                recorder.recover()
                events = history(self.log.log, self.log.journal(run_id), run_id)
            if not events:
                raise UsageError(
                    f"the log holds no run {run_id}",
                    hint="`sluice resume` without a run takes the newest;"
                    " `sluice audit log` lists them",
                )
            run = fold(run_id, events)
            self._check_earlier(run)
            check_resumable(run, self.project.pipeline, self.project.source)
            handing = self._handing_of(run, handed_over)
            self._rules.check_left(run)
            observer.event(run.started)  # what is resumed; nothing that happens now
            observer.resumed(run)
            with self.surroundings.leaving_no_secrets(run_id):
                runner = self._runner(
                    *(run_id, recorder, observer, run.started),
                    jobs=jobs,
                    handing=handing,
                    run=run,
                )
                return runner.resume(run)

    def _handing_of(self, run: Run, announced: Sequence[Announced]) -> Handing:
        """What is handed over to *run* once more.

        Raises:
            UsageError: it was not begun with that.
        """
        begun_with = run.started.handed_over
        others = [each for each in announced if each.digest not in begun_with]
        if others:
            raise UsageError(
                f"run {run.run_id} was not begun with the hand-over {others[0].digest}",
                hint="start a new run with it: `sluice run --handed-over ...`",
            )
        incoming = Incoming(self.project, announced, run.started.labels)
        return Handing(incoming.taken, takes_only=bool(begun_with))

    def _check_earlier(self, run: Run) -> None:
        """See to it that *run* goes back to what this does, and to nothing else.

        Raises:
            UsageError: another run has begun since this was opened.
        """
        goes_back = None if self.earlier is None else self.earlier.run_id
        if run.started.rollback != goes_back:
            raise UsageError(
                f"run {run.run_id} has begun just now",
                hint=f"`sluice resume {run.run_id}` goes on with it",
            )

    def wait(self, run: Run, say: "Say") -> bool:
        """Wait until *run*, which is pending, may be worth resuming.

        Returns:
            Whether it is: not if it waits for nobody.

        Raises:
            Interrupted: asked to stop; nothing was running.
            IntegrityError: the log is not what it was.
        """
        from sluicegate.wiring.inboxes import Inboxes  # noqa: PLC0415 - rare
        from sluicegate.wiring.waiting import Waiting  # noqa: PLC0415 - rare

        asked = waits_for(run)
        if asked:
            inboxes = Inboxes(self.log.place, self.project.file)
            Waiting(inboxes, self._take_in, say).wait(asked)
        return bool(asked)

    def _take_in(self) -> None:
        """Take what waits in the inboxes into the log; what goes wrong stops nobody.

        Raises:
            IntegrityError: the log is not what it was.
        """
        from sluicegate.wiring.absorbing import Absorption, describe  # noqa: PLC0415 - rare
        from sluicegate.wiring.inboxes import Inboxes  # noqa: PLC0415 - likewise

        inboxes = Inboxes(self.log.place, self.project.file)
        with self.log.naming():
            try:
                found = Absorption(inboxes, self.log.log_recorder).absorb()
            except (ExternalError, UsageError) as error:
                self.taken_in.append(Taken("the inboxes", "", str(error), None, ()))
                return
        self.taken_in.extend(map(describe, found))

    def find(self, text: str | None) -> str:
        """The run that is meant by the beginning or the end of its id, or the newest.

        Raises:
            UsageError: several are meant, or there is none.
        """
        return find_run(self.project, self.log, text)

    @cached_property
    def _notifier(self) -> Notifier:
        return Notifier(
            self.project.machine, self.project.pipeline, self.project.folder
        )

    def _watched(self, run_id: str, observer: Observer, handing: Handing) -> Observer:
        """*observer*, and whoever is to be told of the run: of one that is recorded."""
        project = self.project
        if not self.records:
            return observer
        subject = subject_of(
            project.pipeline, project.source, run_id, project.file, self.log.place
        )
        if handing.takes_only:
            without = without_programs(project.pipeline)
            self.__dict__["_notifier"] = Notifier(
                project.machine, without, project.folder
            )
        return self._notifier.watch(subject, observer)

    @cached_property
    def telemetry(self) -> RunTelemetry:
        """Tells of its runs, where the variables ask for it."""
        return RunTelemetry(self.project, self.log.clock, self.surroundings.masks)

    @cached_property
    def _prometheus(self) -> PrometheusExport:
        project = self.project
        environ = project.machine.environ
        return PrometheusExport(
            project.pipeline, environ, self.log.clock, self.textfile
        )

    def anchor(self) -> str | None:
        """Show the log to its witnesses; a line for a person if that is not done.

        It decides nothing: the run is over, and later commands try again.
        """
        project = self.project
        named = project.pipeline.audit.witnesses
        if named is None or not self.records:
            return None
        from sluicegate.wiring.anchoring import (  # noqa: PLC0415 - rare, and slow
            anchor_in_passing,
        )

        return anchor_in_passing(self.log.place, project.folder / named)

    def finish_telling(self) -> Sequence[str]:
        """Wait a few seconds for messages on their way; what went wrong with them."""
        shown = self.__dict__.get("_prometheus")
        if shown is not None:
            shown.end()  # what it takes, it takes while others are waited for
        told = self._notifier.finish() if "_notifier" in self.__dict__ else ()
        lost = self.telemetry.finish() if "telemetry" in self.__dict__ else ()
        unseen = () if shown is None else shown.finish()
        return (*told, *lost, *unseen)

    def _runner(
        self,
        run_id: str,
        recorder: Record,
        observer: Observer,
        started: RunStarted,
        *,
        jobs: int | None,
        forced: Collection[str] = (),
        handing: Handing = _NO_HANDING,
        run: Run | None = None,
    ) -> Runner:
        watched = self._watched(run_id, observer, handing)
        watched, telemetry = self.telemetry.of(run_id, started, run, watched)
        watched = self._prometheus.watch(run_id, started, run, watched)
        serial = SerialObserver(HidingObserver(watched, self.surroundings.masks))

        def say(text: str) -> None:
            serial.line("setup", text)

        return Runner(
            self.project.pipeline,
            self.project.source,
            replace(
                self.surroundings.ports_to_run(run_id, say, serial.line, handing),
                telemetry=telemetry,
            ),
            recorder,
            serial,
            jobs=jobs or os.cpu_count() or 1,
            forced=forced,
            earlier=self.earlier,
        )
