"""Looking at all that a run would need here. Nothing is made, nothing is written."""

import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluicegate.audit.reader import LogReader
from sluicegate.audit.time import MAX_BEHIND
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.report.checkup import Check, State
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.stage import CommandStage
from sluicegate.stages.trivy import TrivyStage
from sluicegate.wiring.checkup_people import PeopleCheckup
from sluicegate.wiring.checkup_targets import TargetCheckup
from sluicegate.wiring.checkup_tools import ToolCheckup
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.project import Project

_LITTLE = 2 << 30  # bytes: less than one image takes
_RUNS_STAGES = ("Linux", "Darwin")


@dataclass(frozen=True)
class Checkup:
    """What *project* needs, and how it stands with it."""

    project: Project

    @cached_property
    def about(self) -> str:
        """What is looked at, in one line."""
        if self._pipeline is None:
            return f"{self.project.folder}: no pipeline to look at"
        if self.project.detected is not None:
            return f"{self.project.folder}: no pipeline file, so what was found there"
        return f"{self.project.file}: {self._pipeline.name}"

    def checks(self) -> tuple[Check, ...]:
        """Everything, in the order in which a person would mend it."""
        pipeline = self._pipeline
        stages = [named.stage for named in pipeline.stages] if pipeline else []
        needed = {
            name
            for stage in stages
            if isinstance(stage, CommandStage)
            for name in stage.tools()
        }
        has_canary = any(isinstance(stage, CanaryStage) for stage in stages)
        if has_canary:
            needed.add("docker")
        caches = [stage.cache_dir for stage in stages if isinstance(stage, TrivyStage)]
        tools = ToolCheckup(
            self.project.machine,
            self.project.folder,
            needed,
            has_canary,
            next(iter(caches), None),
        )
        return (
            self._platform(),
            self._file(),
            self._repository(),
            *tools.checks(),
            *self._targets(),
            *self._places(),
            *self._log(),
            *self._people(),
        )

    @cached_property
    def _read(self) -> Pipeline | SluicegateError:
        try:
            return self.project.pipeline
        except SluicegateError as error:
            return error

    @property
    def _pipeline(self) -> Pipeline | None:
        return self._read if isinstance(self._read, Pipeline) else None

    def _platform(self) -> Check:
        system = platform.system()
        version = f"{platform.python_version()} on {system} {platform.machine()}"
        if system in _RUNS_STAGES:
            return Check("sluicegate's python", State.FOUND, version, sys.executable)
        return Check(
            "platform",
            State.MISSING,
            version=version,
            advice="stages run on Linux and macOS; the other commands work here too",
        )

    def _file(self) -> Check:
        if isinstance(self._read, SluicegateError):
            return Check(
                "pipeline",
                State.MISSING,
                where=str(self._read),
                advice=self._read.hint or "mend the file",
            )
        if self.project.detected is not None:
            return Check(
                "pipeline",
                State.FOUND,
                where=f"{self._read.name}, found rather than written",
                advice="`sluice init` writes it down",
            )
        return Check("pipeline", State.FOUND, where=str(self.project.file))

    def _repository(self) -> Check:
        try:
            source = self.project.source
        except SluicegateError as error:
            return Check(
                "commit",
                State.MISSING,
                where=str(error),
                advice=error.hint or "",
            )
        state = State.WARNING if source.dirty else State.FOUND
        return Check(
            "commit",
            state,
            version=source.commit[:12],
            where=source.branch or "no branch",
            advice="commit or stash what no commit holds" if source.dirty else "",
        )

    def _targets(self) -> Iterator[Check]:
        """What serves the environments."""
        if self._pipeline is not None:
            yield from TargetCheckup(
                self.project.machine, self._pipeline, self.project.home_folder
            ).checks()

    def _places(self) -> Iterator[Check]:
        """The folders that a run writes to, as they are."""
        machine = self.project.machine
        for name, path in (
            ("state folder", self.project.state),
            ("cache", machine.cache_folder),
        ):
            there = _nearest(path)
            free = shutil.disk_usage(there).free
            told = f"{free / (1 << 30):.1f} GB free"
            where = str(path) if path.exists() else f"{path} (made by the first run)"
            if not os.access(there, os.W_OK):
                yield Check(
                    name,
                    State.MISSING,
                    where=f"{there} cannot be written",
                    advice=f"give this user the right to write there: {there}",
                )
            elif free < _LITTLE:
                advice = "make room: images and environments need more than this"
                yield Check(name, State.WARNING, told, where, advice)
            else:
                yield Check(name, State.FOUND, told, where)

    def _log(self) -> Iterator[Check]:
        if self._pipeline is None:
            return
        log = self._place
        name = log.name
        try:
            reader = self._reader
            head, newest = reader.head(), reader.newest()
        except UsageError as error:
            if log.store.load() is not None:  # so it is about the key
                said, hint = str(error), error.hint or ""
                yield Check("log key", State.MISSING, where=said, advice=hint)
            else:
                where = f"{name} (begun by the first run)"
                yield Check("log", State.FOUND, where=where)
            return
        except SluicegateError as error:
            yield Check(
                "log",
                State.MISSING,
                where=f"{name}: {error}",
                advice=error.hint or "`sluice audit verify` lists the damage",
            )
            return
        yield Check("log", State.FOUND, f"{head.size} entries", name)
        yield self._key(head.origin)
        now = self.project.machine.clock.now()
        if now < newest - MAX_BEHIND:
            yield Check(
                "clock",
                State.MISSING,
                version=f"{now:%Y-%m-%d %H:%M:%S} UTC",
                where=f"behind the log's newest entry, {newest:%Y-%m-%d %H:%M:%S} UTC",
                advice="set the clock right",
            )
        else:
            yield Check("clock", State.FOUND, f"{now:%Y-%m-%d %H:%M:%S} UTC")

    @cached_property
    def _place(self) -> LogPlace:
        return LogPlace.of_project(self.project)

    @cached_property
    def _reader(self) -> LogReader:
        return self._place.reader()

    def _people(self) -> Iterator[Check]:
        """What approvals need, where a pipeline file asks for them."""
        if self._pipeline is None or self.project.detected is not None:
            return
        try:
            log = self._reader
        except SluicegateError:
            log = None  # `_log` says why
        yield from PeopleCheckup(self.project, log).checks()

    def _key(self, origin: str) -> Check:
        """The key that signs the log: there, and nobody else's to read."""
        keys = self.project.machine.keyring
        path = Path(keys.where(origin))
        try:
            signer = keys.find(origin)
        except SluicegateError as error:
            return Check(
                "log key",
                State.MISSING,
                where=str(error),
                advice=error.hint or "",
            )
        if signer is None:
            return Check(
                "log key",
                State.MISSING,
                where=f"{path} is not there",
                advice="put it back from where the log was begun; a log gets no second"
                " key",
            )
        given = self.project.machine.given_key
        if given is not None and keys.where(origin) == given.where:
            return Check("log key", State.FOUND, "given", given.where)
        mode = stat.S_IMODE(path.stat().st_mode)
        return Check("log key", State.FOUND, f"mode {mode:04o}", str(path))


def _nearest(path: Path) -> Path:
    """The folder at *path*, or the one above it that exists."""
    while not path.exists():
        path = path.parent
    return path
