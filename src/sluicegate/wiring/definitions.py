"""What the versions of a pipeline stand for, by its log and its repository.

A name with a version is what it first was in a run of a clean tree on the release
branch, which is the protected one. Of that, the log has the digest; what was written
then is in Git, at the commit of that run.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.snapshot import read_state
from sluicegate.config.change import compare
from sluicegate.config.definition import definition_digest, whole_digest
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Table
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.model.event import RunStarted
from sluicegate.model.state_item import Definition
from sluicegate.model.version import PipelineName, Standing
from sluicegate.ports.protected import Tip
from sluicegate.report.definition import explain
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog

_MAX_BYTES = 1 << 20  # of a pipeline file
_REFS = ("refs/remotes/origin/", "refs/heads/")


class Definitions:
    """The definitions that runs of *project* have recorded in *log*."""

    def __init__(self, project: Project, log: ProjectLog) -> None:
        self._project = project
        self._log = log

    def check(self) -> None:
        """See to it that a run of this tree gives no other meaning to a version.

        Raises:
            UsageError: it would; the error says which version it needs.
        """
        project, source = self._project, self._project.source
        if project.detected is not None or source.dirty or source.branch is None:
            return
        found = self._known.get((project.pipeline.name, source.branch))
        if found is None or found.digest == project.pipeline.definition:
            return
        if source.branch == self.release_branch:
            standing = self._standing(found)
            if standing.is_broken:
                said = explain(standing, str(project.file))
                hint = f"{said.advice}; on other branches it can be tried out as it is"
                raise UsageError(said.text, hint=hint)

    def foresee(self) -> Standing | None:
        """What keeps the release branch from running this file; None if nothing does.

        Whatever branch is checked out, and whether the tree is clean.
        """
        project = self._project
        if project.detected is not None or not self._known:
            return None
        if self.release_branch is None:
            return None
        found = self._known.get((project.pipeline.name, self.release_branch))
        if found is None or found.digest == project.pipeline.definition:
            return None
        standing = self._standing(found)
        return standing if standing.is_broken else None

    def before(self, name: PipelineName) -> Standing | None:
        """The newest version up to *name* that has run on the release branch."""
        found = [
            each
            for each in self.names()
            if each.stem == name.stem and each.version <= name.version
        ]
        if not found:
            return None
        newest = max(found, key=lambda each: each.version)
        return self._standing(self._known[str(newest), self.release_branch])

    def names(self) -> list[PipelineName]:
        """All versions that have run on the release branch."""
        found = []
        for name, branch in self._known:
            if branch is not None and branch == self.release_branch:
                with suppress(UsageError):  # what nobody could write today
                    found.append(PipelineName.parse(name))
        return found

    @cached_property
    def release_branch(self) -> str | None:
        """The short name of the protected branch, None where nobody can tell it.

        Raises:
            ExternalError: Git fails.
        """
        try:
            branch = self._protected.tip().branch
        except UsageError:
            return None
        for prefix in _REFS:
            branch = branch.removeprefix(prefix)
        return branch

    @cached_property
    def _known(self) -> Mapping[tuple[str, str | None], Definition]:
        if self._reader is None:
            return {}
        with self._log.naming():
            return read_state(self._reader).definitions

    @cached_property
    def _reader(self) -> LogReader | None:
        return self._log.existing()

    @cached_property
    def _protected(self) -> GitProtectedBranch:
        folder = str(self._project.folder)
        return GitProtectedBranch(folder, self._project.machine.process)

    def _standing(self, recorded: Definition) -> Standing:
        run_id, commit = self._first_run(recorded)
        old = None if commit is None else self._read_file(recorded, commit)
        now = parse_source(self._project.file.read_bytes(), str(self._project.file))
        name = PipelineName.parse(recorded.pipeline)
        change = None if old is None else compare(old, now)
        return Standing(
            name,
            recorded.branch or "",
            run_id,
            commit,
            is_known=old is not None,
            change=change,
            next_name=name.after(change.needs, self.names()) if change else None,
        )

    def _first_run(self, recorded: Definition) -> tuple[str | None, str | None]:
        """The run that recorded it, and its commit; None where that was pruned."""
        assert self._reader is not None
        with self._log.naming():
            try:
                entry = decode_entry(self._reader.entry(recorded.index))
            except UsageError:
                return None, None
        if not isinstance(entry.event, RunStarted):
            raise IntegrityError(f"entry {recorded.index} is not the start of a run")
        assert isinstance(entry.envelope, Envelope)
        return entry.envelope.run_id, entry.event.commit

    def _read_file(self, recorded: Definition, commit: str) -> Table | None:
        """The file at *commit*; None unless it is there, and is what was recorded.

        Up to now the digest was that of all of the file.
        """
        root, file = Path(self._project.source.root), self._project.file
        try:
            path = (file.parent.resolve() / file.name).relative_to(root.resolve())
            tip = Tip(commit, commit)
            data = self._protected.read(tip, path.as_posix(), _MAX_BYTES)
            old = None if data is None else parse_source(data, str(path))
        except (ValueError, ExternalError, UsageError):
            return None
        if old is None:
            return None
        known = (definition_digest(old), whole_digest(old))
        return old if recorded.digest in known else None
