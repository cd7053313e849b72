"""A log in a directory: the lock that lets one writer in, and the order of writes.

Files of a batch are written and flushed one by one, the checkpoint last. A reader that
comes in between sees the old checkpoint, and files beyond it mean nothing.

Source:
    The write order is that of Tessera's POSIX storage and of C2SP tlog-tiles.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.lock_file import try_lock
from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.adapters.stores.durable import NO_FOLLOW, check_writable
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.retention import Keeping, Promise
from sluicegate.ports.store import LogStore

_CELL = "checkpoint"
_LOCK = ".lock"
_LOCK_SECONDS = 60.0  # an append takes some milliseconds
_LOCK_POLL_SECONDS = 0.005
_MAX_FILE_BYTES = 17 * 1024 * 1024  # 256 entries of 64 KiB, each with its length


class DirectoryLog(LogStore):
    """A log under *root*, which is made on the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._objects = DirectoryStore(root, limit=_MAX_FILE_BYTES)
        self._locks_work = False

    @override
    def get(self, name: str) -> bytes | None:
        return self._objects.get(name)

    @override
    def names(self, prefix: str = "") -> Iterator[str]:
        return self._objects.names(prefix)

    @override
    def load(self) -> bytes | None:
        return self._objects.get(_CELL)

    @override
    @contextmanager
    def exclusive(self) -> Iterator[None]:
        check_writable(self.root)
        with (
            self._objects.reporting(_LOCK),
            self._objects.directory([], make=True) as directory,
        ):
            lock = _open_lock(directory)
            try:
                self._await(lock)
                self._check_locks(directory)
            except BaseException:
                os.close(lock)
                raise
        try:
            yield
        finally:
            os.close(lock)

    @override
    def commit(
        self, old: bytes | None, files: Sequence[tuple[str, bytes]], new: bytes
    ) -> None:
        if self.load() != old:
            raise TransientError("another writer was faster")
        for name, data in files:
            self._objects.put(name, data)
        self._objects.put(_CELL, new)

    @override
    def attach(self, name: str, data: bytes) -> None:
        self._objects.put(name, data)

    @override
    def drop(self, names: Sequence[str]) -> None:
        for name in names:
            self._objects.drop(name)

    @override
    def promise(self) -> Promise:
        return Promise(
            Keeping.KEPT,
            "nothing is scheduled to delete it; anyone who can write to the folder can",
        )

    @override
    def expiry(self, name: str) -> datetime | None:
        return None

    @override
    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        return False

    @override
    def inspect(self, size: int) -> Iterator[str]:
        return iter(())

    def _await(self, lock: int) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not try_lock(lock):
            if time.monotonic() > deadline:
                raise PermanentError(
                    f"{self.root}: another process has kept it for {_LOCK_SECONDS:g} s",
                    hint="see whether one hangs; `sluice resume` goes on later",
                )
            time.sleep(_LOCK_POLL_SECONDS)

    def _check_locks(self, directory: int) -> None:
        """See to it that the lock that is held keeps others out; once is enough."""
        if self._locks_work:
            return
        other = _open_lock(directory)
        try:
            if try_lock(other):
                raise PermanentError(
                    f"{self.root}: file locks do nothing there, so that two processes"
                    " would overwrite each other's entries",
                    hint="keep the log where they work: on a local disk, or on NFS 4"
                    " without the mount option nolock",
                )
        finally:
            os.close(other)
        self._locks_work = True


def _open_lock(directory: int) -> int:
    flags = os.O_RDWR | os.O_CREAT | NO_FOLLOW
    return os.open(_LOCK, flags, 0o644, dir_fd=directory)
