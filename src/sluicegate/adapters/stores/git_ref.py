"""The ref of a log: where it is now, and moving it by compare-and-swap."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.durable import sync_directory
from sluicegate.adapters.stores.git_cache import LOST, SEEN, GitCache
from sluicegate.adapters.stores.git_objects import GitObjects
from sluicegate.adapters.stores.git_place import GitPlace
from sluicegate.adapters.stores.git_process import GitProgram
from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.retention import Keeping, Promise

STAYS = "what is removed stays in its history"


class GitRef(ABC):
    """The ref of *place*. What this machine has seen of it is noted in *cache*."""

    def __init__(self, place: GitPlace, cache: GitCache) -> None:
        self.place = place
        self.cache = cache

    @abstractmethod
    def tip(self) -> str | None:
        """The commit it is at now, which `objects` can read; None if there is none.

        Raises:
            ExternalError: it cannot be asked.
            UsageError: this repository has the log, and its remote has not.
        """

    @abstractmethod
    def publish(self, old: str | None, new: str) -> None:
        """Move it from the commit *old*, None for nothing, to *new*, its child.

        Raises:
            TransientError: it is not at *old* any more; nothing was moved.
            PermanentError: it may not be moved; nothing was.
            ExternalError: whether it was moved is unknown.
        """

    @abstractmethod
    def bring(self, blobs: Sequence[str]) -> None:
        """Have *blobs*, which are not here, brought here.

        Raises:
            ExternalError: they cannot be had.
        """

    @abstractmethod
    def promise(self) -> Promise:
        """What stands between the ref and its loss.

        Raises:
            ExternalError: it cannot be asked.
        """

    @property
    def git(self) -> GitProgram:
        """Git where the log's objects are."""
        return self.cache.git()

    @property
    def objects(self) -> GitObjects:
        """The log's objects that are here."""
        return GitObjects(self.git)

    def seen(self) -> str | None:
        """The commit that this machine saw last."""
        said = self.git.run("rev-parse", "--verify", "--quiet", SEEN)
        return None if said.exit_code else said.text

    def lost(self, tip: str) -> list[str]:
        """Commits it once was at that are not in the history of *tip*."""
        said = self.git.ask("for-each-ref", "--format=%(refname)", LOST)
        once = [name.removeprefix(LOST) for name in said.text.split()]
        return [one for one in once if not self._descends(tip, one)]

    def notice(self, tip: str) -> None:
        """Remember that the ref was seen at *tip*, and whether it came from before."""
        with self.cache.locked():
            seen = self.seen()
            if seen == tip:
                return
            if seen is not None and not self._descends(tip, seen):
                self.git.ask("update-ref", f"{LOST}{seen}", seen)
            self.git.ask("update-ref", SEEN, tip)

    def _descends(self, new: str, old: str) -> bool:
        """Whether *new* comes from *old*; what is not here is looked at first."""
        if self.objects.is_ancestor(old, new):
            return True
        self._complete()
        return self.objects.is_ancestor(old, new)

    @abstractmethod
    def _complete(self) -> None:
        """Have the whole history of the ref here.

        Raises:
            ExternalError: it cannot be had.
        """

    def _check_commit(self, oid: str) -> None:
        if not self.objects.has(oid):
            raise PermanentError(f"{self.place.name} is not a branch: {oid[:12]}")


class LocalRef(GitRef):
    """A ref of the user's own repository; its objects are there, too."""

    @override
    def tip(self) -> str | None:
        said = self._own.run("rev-parse", "--verify", "--quiet", self.place.ref)
        if said.exit_code:
            return None
        self._check_commit(said.text)
        self.notice(said.text)
        return said.text

    @override
    def publish(self, old: str | None, new: str) -> None:
        self._check_not_checked_out()
        before = old or "0" * len(new)
        ref = self.place.ref
        said = self._own.run("update-ref", "-m", "sluicegate", ref, new, before)
        now = self.tip()
        if now != new and (now != old or "File exists" in said.stderr):
            raise TransientError(f"{self.place.name} moved: {said.reason}")
        if now != new:
            raise PermanentError(
                f"{self.place.name} cannot be moved: {said.reason}",
                hint="see who may write to the Git folder",
            )
        self._flush()

    @override
    def bring(self, blobs: Sequence[str]) -> None:
        raise PermanentError(
            f"{self.place.name}: the objects of its newest commit are not all here",
            hint=f"fetch them: git fetch <remote> {self.place.ref}",
        )

    @override
    def _complete(self) -> None:
        """It is nowhere else."""

    @override
    def promise(self) -> Promise:
        return Promise(
            Keeping.KEPT,
            "nothing is scheduled to delete it; anyone who can write to the repository"
            f" can; {STAYS}",
        )

    @property
    def _own(self) -> GitProgram:
        return self.git.knowing(GIT_DIR=str(self.place.repository))

    def _check_not_checked_out(self) -> None:
        said = self._own.ask("for-each-ref", "--format=%(worktreepath)", self.place.ref)
        if said.text:
            raise UsageError(
                f"the log's branch {self.place.ref} is checked out in {said.text}",
                hint="check out another one there: its files would look changed",
            )

    def _flush(self) -> None:
        """Make the new name of the ref durable, where it is a file of its own."""
        folder = Path(self.place.repository or "", self.place.ref).parent
        with suppress(FileNotFoundError, NotADirectoryError):
            try:
                sync_directory(folder)
            except PermissionError:
                if os.name != "nt":  # Windows cannot open folders, nor write logs
                    raise
