"""The releases of a project: out of its log, with the notes out of its repository."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sluicegate.adapters.git_history import GitHistory
from sluicegate.audit.recent_releases import Enough, read_newest
from sluicegate.audit.releases import read_deployments
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.model.deployment import Deployment
from sluicegate.model.release_notes import NoNotes, ReleaseNotes
from sluicegate.wiring.logplace import DEFAULT_LOG, LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

_MAX_COMMITS = 50


@dataclass(frozen=True)
class Releases:
    """What *log* knows, and the service in *folder* with its further *paths*."""

    machine: Machine
    log: LogPlace
    folder: Path
    paths: tuple[str, ...]

    @classmethod
    def open(
        cls, machine: Machine, file: Path | None, log: str | None, vkey: str | None
    ) -> "Releases":
        """Find the log and the service; neither key nor pipeline need be there.

        Raises:
            UsageError: the pipeline file cannot be used.
        """
        project = Project(machine, file or Path(PIPELINE_FILE))
        if file is None and not os.path.lexists(project.file):
            return cls(machine, LogPlace.of(machine, log, vkey), project.folder, ())
        place = (
            LogPlace.of_project(project, vkey)
            if log is None
            else LogPlace.of(machine, log, vkey)
        )
        return cls(machine, place, project.folder, project.pipeline.paths)

    @property
    def key_source(self) -> str:
        """Where the key comes from that the log was verified with, in words."""
        return self.log.key_source

    @property
    def log_to_name(self) -> str | None:
        """The log's place, None if it is where commands look for it anyhow."""
        folder = self.log.folder
        if folder is None:
            return str(self.log.address)
        is_default = folder.absolute() == DEFAULT_LOG.absolute()
        return None if is_default else os.path.relpath(folder)

    def rows(self) -> Sequence[Deployment]:
        """Every release of every environment, oldest first.

        Raises:
            UsageError: there is no log.
            IntegrityError: it is not what was written.
        """
        return read_deployments(self.log.reader())

    def newest(self, enough: Enough) -> tuple[Sequence[Deployment], bool]:
        """As `rows`, but only as many of the newest as are *enough*.

        Returns:
            Them, and whether they are all.
        """
        return read_newest(self.log.reader(), enough)

    def notes(self, row: Deployment) -> ReleaseNotes | NoNotes | None:
        """What changed with it; None where there is nothing to compare it with."""
        if row.before is None:
            return None
        history = GitHistory(str(self.folder), self.machine.process)
        return history.notes(
            row.before.commit,
            row.release.commit,
            (".", *self.paths),
            limit=_MAX_COMMITS,
        )
