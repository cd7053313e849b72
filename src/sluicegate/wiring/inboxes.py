"""The inboxes of a log, and who may write what into them.

Nothing here needs the log's key: who takes statements in is `wiring.absorbing`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from sluicegate.adapters.folder import make_state_folder
from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.adapters.inboxes.folder import FolderInbox
from sluicegate.adapters.inboxes.git_refs import GitInbox
from sluicegate.audit.attested.reading import Workflows
from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.config.document import SIGNERS
from sluicegate.config.file import read_inbox, read_signers
from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.ports.inbox import Inbox
from sluicegate.ports.protected import Tip
from sluicegate.wiring.logplace import DEFAULT_LOG, LogPlace

FOLDER = "inbox"
"""The folder of files, beside the log."""

_MAX_SIGNERS_BYTES = 1 << 20
_MAX_WORKFLOW_BYTES = 1 << 20


@dataclass(frozen=True)
class Inboxes:
    """The inboxes of the log in *place*, for the project with the pipeline *file*."""

    place: LogPlace
    file: Path

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return Path(os.path.abspath(self.file)).parent  # noqa: PTH100 - as Project has it

    @cached_property
    def repository(self) -> Path | None:
        """The root of the repository that holds the project."""
        for folder in (self.folder, *self.folder.parents):
            if (folder / ".git").exists():
                return folder
        return None

    def usual(self) -> Iterator[Inbox]:
        """Where recorders look without being told."""
        yield self.beside
        if self.repository is not None:
            yield self.open("git")
        if self._configured is not None:
            yield self.open(self._configured)

    @property
    def beside(self) -> FolderInbox:
        """The folder beside the log."""
        return FolderInbox(self.place.local / FOLDER)

    def to_write_to(self, text: str | None) -> Inbox:
        """The inbox that *text* names; by default the one of the pipeline file.

        Raises:
            UsageError: it names none.
        """
        named = text or self._configured
        if named is not None:
            return self.open(named)
        state = self.folder / DEFAULT_LOG.parent
        if self.place.local.resolve() == state.resolve():
            make_state_folder(state)  # nobody may have run anything here yet
        return self.beside

    def open_to_read(self, text: str) -> Inbox:
        """Like `open`, for a place that somebody has named to look into.

        Raises:
            UsageError: there is no such place: nothing would be found in it, unnoticed.
        """
        scheme, _, rest = text.partition(":")
        path = self.folder / (rest if scheme == "dir" else text)
        if scheme != "git" and not path.exists():
            raise UsageError(
                f"there is no inbox at {text}",
                hint="name a folder, a FILE.json, git, or git:REMOTE",
            )
        return self.open(text)

    def open(self, text: str) -> Inbox:
        """The inbox ``git``, ``git:REMOTE``, ``dir:PATH`` or a path, also of one file.

        Raises:
            UsageError: there is no repository here.
        """
        scheme, _, rest = text.partition(":")
        if scheme == "git":
            if self.repository is None:
                raise UsageError(
                    f"{self.folder} is not in a Git repository: it has no inbox there",
                    hint="name a folder instead",
                )
            runner = self.place.machine.process
            return GitInbox(str(self.folder), runner, rest or None)
        path = self.folder / text if scheme != "dir" else self.folder / rest
        if path.is_dir() or path.suffix != ".json":
            return FolderInbox(path)
        return FolderInbox(path.parent, path.name)

    @cached_property
    def _configured(self) -> str | None:
        try:
            data = self.file.read_bytes()
        except OSError:
            return None  # without a file, nothing is configured
        return read_inbox(data, str(self.file))

    def read_signers(self) -> AllowedSigners:
        """Whose signatures count, as the protected branch has it now.

        Raises:
            UsageError: that cannot be told.
            ExternalError: Git fails.
        """
        branch, tip = self._protected()
        root = str(self.repository)
        file = os.path.relpath(os.path.abspath(self.file), root)  # noqa: PTH100 - likewise
        pipeline = branch.read(tip, Path(file).as_posix(), _MAX_SIGNERS_BYTES)
        where = f"{file} at {tip.branch}"
        path = SIGNERS if pipeline is None else read_signers(pipeline, where)
        found = branch.read(tip, path, _MAX_SIGNERS_BYTES)
        if found is None:
            raise UsageError(
                f"there is no {path} at {tip.branch}",
                hint="it names the people whose signatures count: see docs/inbox.md",
            )
        try:
            text = found.decode()
        except UnicodeDecodeError:
            raise UsageError(f"{path} at {tip.branch} is not UTF-8") from None
        return AllowedSigners(text, f"{path}@{tip.commit}")

    def read_workflows(self) -> Workflows:
        """The code host's workflows, as the protected branch has them now.

        Raises:
            UsageError: that cannot be told.
            ExternalError: Git fails.
        """
        branch, tip = self._protected()

        @cache
        def digest(path: str) -> Digest | None:
            data = branch.read(tip, path, _MAX_WORKFLOW_BYTES)
            return None if data is None else Digest.of(data)

        name = tip.branch.removeprefix("refs/heads/")
        return Workflows(name.removeprefix("refs/remotes/origin/"), tip.commit, digest)

    def _protected(self) -> tuple[GitProtectedBranch, Tip]:
        if self.repository is None:
            raise UsageError(
                f"{self.folder} is not in a Git repository, and so has no protected"
                " branch"
            )
        branch = GitProtectedBranch(str(self.folder), self.place.machine.process)
        return branch, branch.tip()
