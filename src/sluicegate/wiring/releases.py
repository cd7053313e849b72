"""The releases of a project: out of its log, with the notes out of its repository."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sluicegate.adapters.git_history import GitHistory
from sluicegate.audit.releases import read_deployments
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.model.deployment import Deployment
from sluicegate.model.release_notes import NoNotes, ReleaseNotes
from sluicegate.wiring.logfolder import LogFolder
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

_DEFAULT_LOG = Path(".sluicegate/audit")
_MAX_COMMITS = 50


@dataclass(frozen=True)
class Releases:
    """What *log* knows, and the service in *folder* with its further *paths*."""

    machine: Machine
    log: LogFolder
    folder: Path
    paths: tuple[str, ...]

    @classmethod
    def open(
        cls, machine: Machine, file: Path | None, log: Path | None, vkey: str | None
    ) -> "Releases":
        """Find the log and the service; neither key nor pipeline need be there.

        Raises:
            UsageError: the pipeline file cannot be used.
        """
        project = Project(machine, file or Path(PIPELINE_FILE))
        paths: tuple[str, ...] = ()
        folder = log or project.folder / _DEFAULT_LOG
        if file is not None or os.path.lexists(project.file):
            paths = project.pipeline.paths
            folder = log or project.log_folder
        return cls(machine, LogFolder(machine, folder, vkey), project.folder, paths)

    @property
    def key_source(self) -> str:
        """Where the key comes from that the log was verified with, in words."""
        return self.log.key_source

    @property
    def log_to_name(self) -> str | None:
        """The folder of the log, None if it is where commands look for it anyhow."""
        is_default = self.log.root.absolute() == _DEFAULT_LOG.absolute()
        return None if is_default else os.path.relpath(self.log.root)

    def rows(self) -> Sequence[Deployment]:
        """Every release of every environment, oldest first.

        Raises:
            UsageError: there is no log.
            IntegrityError: it is not what was written.
        """
        return read_deployments(self.log.reader())

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
