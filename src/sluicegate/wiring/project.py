"""A project folder: its pipeline, its commit, its log, its runs."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from sluicegate import __version__
from sluicegate.adapters.existing_environment import ExistingEnvironments
from sluicegate.adapters.existing_workspace import ExistingWorkspace
from sluicegate.adapters.folder import make_state_folder
from sluicegate.adapters.git import GitRepository
from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.masking import MaskingRunner, Masks
from sluicegate.adapters.registries.docker_registry import DockerRegistry
from sluicegate.adapters.registries.logins import DockerLogins
from sluicegate.adapters.steady_repository import SteadyRepository
from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.adapters.tools import Tools
from sluicegate.adapters.workspace import LocalWorkspace
from sluicegate.audit import record
from sluicegate.audit.history import history, runs
from sluicegate.audit.log import AuditLog
from sluicegate.audit.opening import open_log
from sluicegate.audit.reader import LogReader
from sluicegate.audit.recorder import Facts, OnEntry, Recorder
from sluicegate.audit.results import LoggedResults
from sluicegate.audit.time import GateClock
from sluicegate.config.file import parse_pipeline
from sluicegate.engine.beginning import begin, check_resumable
from sluicegate.engine.forecast import Forecast, check_earlier, forecast
from sluicegate.engine.ledger import SerialObserver
from sluicegate.engine.machine import fold
from sluicegate.engine.runner import Runner
from sluicegate.engine.selection import Chosen, Selection, choose_stages
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.run import Run
from sluicegate.model.source import Source
from sluicegate.ports.clock import Clock
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.target import Target
from sluicegate.stages.notify import secret_variables
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.detection import PIPELINE_FILE, Detected, detect_pipeline
from sluicegate.wiring.logfolder import LogFolder
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_masks
from sluicegate.wiring.notify import Notifier, subject_of

_APPLICATION = "sluicegate"
_RESTORE = "`sluice audit verify` lists the damage; restore the log from a copy"
_NOT_IN_ORIGIN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Options:
    """How a run is asked for.

    ``force`` runs the chosen stages although earlier results stand. ``jobs`` is how
    many stages run programs at once; default: one a processor.
    """

    allow_dirty: bool = False
    selection: Selection = field(default_factory=Selection)
    labels: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    jobs: int | None = None

    def forced(self, chosen: Chosen) -> frozenset[str]:
        """The stages that are to be run whatever was found before."""
        names = {named.name for named in chosen.stages} - chosen.earlier
        return frozenset(names if self.force else ())


@dataclass(frozen=True)
class Project:
    """A project folder on *machine*: the one that holds the pipeline file *file*.

    With ``may_detect``, the pipeline of a folder without the file is made of what is
    there. ``on_entry`` gets every entry of a run as it is recorded.
    """

    machine: Machine
    file: Path
    may_detect: bool = False
    on_entry: OnEntry = lambda _entry: None

    @property
    def folder(self) -> Path:
        """The absolute path of the project, without ``..``: tools dislike those."""
        return Path(os.path.abspath(self.file)).parent  # noqa: PTH100 - see above

    @property
    def state(self) -> Path:
        """Where stages write, out of Git's sight; by default the log is there too."""
        return self.folder / ".sluicegate"

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline, read and checked.

        Raises:
            UsageError: there is no such file, or it cannot be used.
        """
        if self.detected is not None:
            return parse_pipeline(self.detected.text.encode(), "the detected pipeline")
        try:
            data = self.file.read_bytes()
        except FileNotFoundError:
            raise UsageError(
                f"there is no pipeline file {self.file}",
                hint="go to the folder that has one, name it with --file, or let"
                " `sluice init` write one",
            ) from None
        except IsADirectoryError:
            raise UsageError(
                f"{self.file} is a folder, not a pipeline file",
                hint=f"name the file in it: {self.file / PIPELINE_FILE}",
            ) from None
        except OSError as error:
            raise UsageError(f"cannot read {self.file}: {error.strerror}") from error
        return parse_pipeline(data, str(self.file))

    @cached_property
    def detected(self) -> Detected | None:
        """What the pipeline is made of, None where the file says it.

        Raises:
            UsageError: there is no file, and what is there makes no pipeline.
        """
        if not self.may_detect or os.path.lexists(self.file):
            return None
        _ = self.source  # a folder without a repository is not searched
        return detect_pipeline(self.machine, self.folder)

    @cached_property
    def source(self) -> Source:
        """The commit that is checked out.

        Raises:
            UsageError: there is no repository or no commit.
        """
        return self._repository.source()

    @cached_property
    def _repository(self) -> GitRepository:
        return GitRepository(str(self.folder), self.machine.process)

    @cached_property
    def _process(self) -> ProcessRunner:
        """Runs what belongs to stages: without the addresses of `notify`, and masked.

        Git is not asked through it: what it names must be what is there.
        """
        runner = self.machine.process_without(secret_variables(self.pipeline.notify))
        return MaskingRunner(runner, self._masks)

    @cached_property
    def _masks(self) -> Masks:
        machine = self.machine
        return build_masks(machine.environ, machine.home, self.pipeline, self.folder)

    def _workspace(self, run_id: str) -> LocalWorkspace:
        machine = self.machine
        return LocalWorkspace(
            self.folder,
            self.state,
            run_id,
            machine.cache_folder / "tools",
            home=machine.home,
            masks=self._masks,
        )

    @contextmanager
    def _leaving_no_secrets(self, run_id: str) -> Iterator[None]:
        """Clean what the run's stages wrote, however it ends."""
        try:
            yield
        finally:
            self._workspace(run_id).clean()

    @cached_property
    def _notifier(self) -> Notifier:
        return Notifier(self.machine, self.pipeline, self.folder)

    def _watched(self, run_id: str, observer: Observer) -> Observer:
        """*observer*, and whoever is to be told of the run."""
        subject = subject_of(
            self.pipeline, self.source, run_id, self.file, self.log_folder
        )
        return self._notifier.watch(subject, observer)

    def finish_telling(self) -> Sequence[str]:
        """Wait a few seconds for messages on their way; what went wrong with them."""
        return self._notifier.finish() if "_notifier" in self.__dict__ else ()

    @property
    def log_folder(self) -> Path:
        """Where the log is; evidence and journals are beside it."""
        return self.folder / self.pipeline.audit.store.removeprefix("dir:")

    @cached_property
    def log(self) -> AuditLog:
        """The project's log; begun, with its key, when there never was one.

        Raises:
            IntegrityError: the log is not what it was when it was last seen.
            UsageError: its key is not on this machine, or the store is not supported.
        """
        audit, root = self.pipeline.audit, self.log_folder
        if self.machine.environ.get("CI") == "true":
            _check_outlives_workspace(root, Path(self.source.root))
        make_state_folder(self.state)
        with self._naming_the_log():
            return open_log(
                self._store,
                self._store,
                KeyDirectory(self.machine.config_folder / "keys"),
                self._pin,
                origin=_origin(self.source, self.folder),
                retention_days=audit.retention.days,
                clock=self.machine.clock,
                new_event_id=self.machine.new_id,
            )

    @cached_property
    def _store(self) -> DirectoryStore:
        return DirectoryStore(self.log_folder)

    @cached_property
    def _pin(self) -> PinFile:
        return PinFile(self.machine.state_folder / "pins", self.log_folder)

    @contextmanager
    def _naming_the_log(self) -> Iterator[None]:
        """Say of damage that is found which log has it, and what to do."""
        try:
            yield
        except IntegrityError as error:
            raise IntegrityError(
                f"the audit log in {self.log_folder}: {error}",
                hint=error.hint or _RESTORE,
            ) from error

    @cached_property
    def clock(self) -> GateClock:
        """The time that gates go by: never before the newest entry of the log.

        Raises:
            PermanentError: this machine's clock is far behind the log.
        """
        log = self.log
        with self._naming_the_log():
            newest = log.newest()
        return GateClock(self.machine.clock, newest)

    def start(self, observer: Observer, options: Options) -> Run:
        """Run the pipeline for the commit that is checked out, from its first stage.

        Raises:
            UsageError: it cannot be run as it is; nothing was written.
            Interrupted: asked to stop; the run can be resumed.
        """
        started = begin(
            self.pipeline,
            self.source,
            self.machine.clock.now(),
            allow_dirty=options.allow_dirty,
            selection=options.selection,
            labels=options.labels,
        )
        chosen = choose_stages(self.pipeline, options.selection)
        if chosen.earlier:
            check_earlier(self._foresee(options), options.selection)
        run_id = self.machine.new_id()
        with self._recorder(run_id) as recorder:
            started = replace(started, start_ts=self.clock.now())
            runner = self._runner(
                run_id,
                recorder,
                observer,
                jobs=options.jobs,
                forced=options.forced(chosen),
            )
            with self._leaving_no_secrets(run_id):
                return runner.start(run_id, started)

    def plan(self, options: Options) -> tuple[Forecast, ...]:
        """What a run would do now. Nothing is written, no program of a stage is run.

        Raises:
            UsageError: the pipeline or the options cannot be used.
            IntegrityError: the log is not what was committed.
        """
        with self._naming_the_log():
            return self._foresee(options)

    def _foresee(self, options: Options) -> tuple[Forecast, ...]:
        chosen = choose_stages(self.pipeline, options.selection)
        situation = Situation(self.pipeline, self.source, "plan", options.labels)
        ports = self._ports_to_look()
        return forecast(situation, chosen, options.forced(chosen), ports)

    def _ports_to_look(self) -> Ports:
        """Ports that make nothing: no log, no environment, no folder."""
        machine = self.machine
        cache, environ = machine.cache_folder, machine.environ
        pythons = ExistingEnvironments(self.folder, cache, self._process, environ)
        return self._ports(
            machine.clock,
            Tools(self.folder, cache, self._process, environ, pythons=pythons),
            ExistingWorkspace(self.folder, self.state, cache / "tools", machine.home),
            self._existing_log,
        )

    def _existing_log(self) -> LogReader | None:
        """The log for reading, or None where there never was one."""
        if self._store.load() is None and self._pin.load() is None:
            return None
        return LogFolder(self.machine, self.log_folder).reader()

    def resume(
        self, run_id: str | None, observer: Observer, *, jobs: int | None = None
    ) -> Run:
        """Go on with the run *run_id*, by default the newest.

        Raises:
            UsageError: there is none, it is over, or it was about something else.
            Interrupted: asked to stop again; the run can be resumed.
        """
        if self._store.load() is None and self._pin.load() is None:
            raise _no_run_yet()
        run_id = self._find_run(run_id) if run_id else self._newest_run()
        with self._recorder(run_id) as recorder:
            with self._naming_the_log():
                recorder.recover()
                events = history(self.log, self._journal(run_id), run_id)
            if not events:
                raise UsageError(
                    f"the log holds no run {run_id}",
                    hint="`sluice resume` without a run takes the newest;"
                    " `sluice audit log` lists them",
                )
            run = fold(run_id, events)
            check_resumable(run, self.pipeline, self.source)
            observer.event(run.started)  # what is resumed; nothing that happens now
            with self._leaving_no_secrets(run_id):
                return self._runner(run_id, recorder, observer, jobs=jobs).resume(run)

    def _find_run(self, end: str) -> str:
        """The run that is meant by *end*: lists of runs show the ends of their ids."""
        with self._naming_the_log():
            known = [run.run_id for run in runs(self.log)]
        found = [each for each in known if each.endswith(end.upper())]
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} runs in the log end with {end!r}: {', '.join(found)}",
                hint="name one of them",
            )
        return found[0] if found else end

    def _newest_run(self) -> str:
        log = self.log
        with self._naming_the_log():
            known = runs(log)
        if not known:
            raise _no_run_yet()
        return known[-1].run_id

    def _journal(self, run_id: str) -> FileJournal:
        return FileJournal(self.log_folder.parent / "journal", run_id)

    @contextmanager
    def _recorder(self, run_id: str) -> Iterator[Recorder]:
        source = self.source
        recorder = Recorder(
            self.log,
            self._journal(run_id),
            run_id,
            clock=self.clock,
            new_event_id=self.machine.new_id,
            facts=Facts(
                source=record.Source(
                    repo=source.remote or _origin(source, self.folder),
                    commit=_named_commit(source.commit),
                    ref=source.tag or source.branch,
                ),
                actor=record.Actor("user", self.machine.user),
                tool=record.Recording(_APPLICATION, __version__),
            ),
            on_entry=self.on_entry,
        )
        try:
            yield recorder
        finally:
            recorder.close()

    def _runner(
        self,
        run_id: str,
        recorder: Recorder,
        observer: Observer,
        *,
        jobs: int | None,
        forced: Collection[str] = (),
    ) -> Runner:
        serial = SerialObserver(self._watched(run_id, observer))

        def say(text: str) -> None:
            serial.line("setup", text)

        machine, cache = self.machine, self.machine.cache_folder
        tools = Tools(
            self.folder,
            cache,
            self._process,
            machine.environ,
            on_line=say,
            sleep=self.clock.sleep,
        )
        workspace = self._workspace(run_id)
        return Runner(
            self.pipeline,
            self.source,
            self._ports(self.clock, tools, workspace, lambda: self.log),
            recorder,
            serial,
            jobs=jobs or os.cpu_count() or 1,
            forced=forced,
        )

    def _ports(
        self,
        clock: Clock,
        tools: Tools,
        workspace: LocalWorkspace,
        open_log: Callable[[], LogReader | None],
    ) -> Ports:
        machine = self.machine
        registry = DockerRegistry(
            str(self.folder),
            self._process,
            tools,
            DockerLogins(str(self.folder), machine.process),
            machine.ca_bundle,
        )
        return Ports(
            clock=clock,
            process=self._process,
            results=LoggedResults(open_log),
            cancel=machine.stop.set,
            repository=self._repository
            if self.source.dirty
            else SteadyRepository(self._repository),
            tools=tools,
            workspace=workspace,
            evidence=EvidenceDirectory(self.log_folder.parent / "evidence"),
            target=lambda environment: self._target(environment, registry.pull),
            registry=registry,
            ca_bundle=machine.ca_bundle,
        )

    @contextmanager
    def _target(
        self, environment: str, pull: Callable[[str], None]
    ) -> Iterator[Target]:
        from sluicegate.adapters.targets.docker_traefik import (  # noqa: PLC0415
            DockerTarget,
        )

        name = self.pipeline.name.partition("_")[0]
        settings = self.pipeline.environments[environment].target
        target = DockerTarget(
            environment=environment,
            project=name,
            port=settings.port,
            publish=settings.publish,
            bind=settings.bind,
            health=settings.health,
            drain=settings.drain,
            env=settings.env,
            state_dir=self.machine.state_folder / "targets" / name / environment,
            clock=self.clock,
            pull=pull,
        )
        with target.lease():
            yield target


def _no_run_yet() -> UsageError:
    return UsageError("there is no run yet", hint="start one with `sluice run`")


def _check_outlives_workspace(log: Path, workspace: Path) -> None:
    """A CI runner throws its workspace away, and with it the log."""
    if log.resolve().is_relative_to(workspace.resolve()):
        raise UsageError(
            f"CI=true, and the audit log {log} is inside the workspace, which a CI"
            " runner throws away",
            hint="in the pipeline file, keep it where it stays:"
            " `audit: {store: dir:/a/lasting/folder}`",
        )


def _origin(source: Source, folder: Path) -> str:
    """The name of a new log: the repository's address without scheme, and the folder.

    Source:
        https://c2sp.org/tlog-checkpoint: the origin is a schema-less URL.
    """
    inside = folder.resolve().relative_to(Path(source.root).resolve())
    address = f"local/{Path(source.root).name}"
    if source.remote:
        address = re.sub(r"^[a-z+]+://|^[^@/]*@", "", source.remote)
        address = address.replace(":", "/").removesuffix(".git")
    parts = (
        _NOT_IN_ORIGIN.sub("-", part).strip(".-")
        for part in (*address.split("/"), *inside.parts)
    )
    return "/".join(part for part in parts if part) or "local"


def _named_commit(commit: str) -> str:
    """A commit with its hash function: 40 digits are SHA-1, 64 SHA-256."""
    return f"{'sha1' if len(commit) == 40 else 'sha256'}:{commit}"  # noqa: PLR2004
