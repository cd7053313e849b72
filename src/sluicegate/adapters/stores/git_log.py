"""A log in a Git ref: one commit for each batch of entries.

A commit holds all files of the batch, the checkpoint and the evidence that waited, so
there is no half of one. It is moved to the ref by compare-and-swap; whoever loses the
race starts again from what the other one wrote. Integrity does not rest on Git's object
ids, which may be SHA-1, but on the log's own hashes.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from typing_extensions import override

from sluicegate.adapters.stores.git_files import GitFiles
from sluicegate.adapters.stores.git_inspection import find_strays
from sluicegate.adapters.stores.git_ref import GitRef
from sluicegate.adapters.stores.git_welcome import WELCOME
from sluicegate.adapters.stores.waiting import WaitingEvidence
from sluicegate.errors import TransientError, UsageError
from sluicegate.model.retention import Promise
from sluicegate.ports.store import LogStore

EVIDENCE = "evidence/"
_CHECKPOINT = "checkpoint"
_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*")
_OURS = re.compile(r"(tile|evidence)/.*")
_ATTEMPTS = 20
_LONG = 20  # digits of a size; what is longer is none


class GitLog(LogStore):
    """The log in *ref*; *waiting* is the evidence that goes with its next commit."""

    def __init__(self, ref: GitRef, waiting: WaitingEvidence | None = None) -> None:
        self._ref = ref
        self._waiting = waiting
        self._files = GitFiles(ref)
        self._lock = threading.RLock()
        self._is_loaded = False

    @override
    def get(self, name: str) -> bytes | None:
        _check_name(name)
        with self._lock:
            self._load_once()
            return self._files.read(name)

    @override
    def names(self, prefix: str = "") -> Iterator[str]:
        with self._lock:
            self._load_once()
            found = list(self._files.listing.starting(prefix))
        wanted = prefix.startswith(EVIDENCE)
        return (
            name
            for name in found
            if name not in WELCOME and name.startswith(EVIDENCE) == wanted
        )

    @override
    def load(self) -> bytes | None:
        with self._lock:
            self._files.move(self._ref.tip())
            self._is_loaded = True
            checkpoint = self._files.read(_CHECKPOINT)
            if checkpoint is None:
                self._check_vacant()
            return checkpoint

    @override
    @contextmanager
    def exclusive(self) -> Iterator[None]:
        # Nobody needs to be kept out. That others of this machine wait saves races,
        # and that threads do, a snapshot that moves under a batch being planned.
        with self._lock, self._ref.cache.locked():
            yield

    @override
    def commit(
        self, old: bytes | None, files: Sequence[tuple[str, bytes]], new: bytes
    ) -> None:
        with self._lock:
            self._load_once()
            if self._files.read(_CHECKPOINT) != old:
                raise TransientError("another writer was faster")
            for name, _ in files:
                _check_name(name)
            waiting = [] if self._waiting is None else list(self._waiting.all())
            evidence = [(EVIDENCE + name, data) for name, data in waiting]
            batch = [*files, *evidence, (_CHECKPOINT, new)]
            if self._files.commit is None:
                batch = [*WELCOME.items(), *batch]
            self._advance(batch, (), _describe(new))
            if self._waiting is not None:
                self._waiting.discard(name for name, _ in waiting)

    @override
    def attach(self, name: str, data: bytes) -> None:
        _check_name(name)
        if name == _CHECKPOINT or _OURS.fullmatch(name):
            raise UsageError(f"{name!r} is the name of a part of the log")
        self._insist([(name, data)], (), f"Attach {name}")

    @override
    def drop(self, names: Sequence[str]) -> None:
        for name in names:
            _check_name(name)
        self._insist((), names, "Remove files that nobody needs any more")

    @override
    def promise(self) -> Promise:
        return self._ref.promise()

    @override
    def expiry(self, name: str) -> datetime | None:
        return None

    @override
    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        return False

    @override
    def inspect(self, size: int) -> Iterator[str]:
        with self._lock:
            self._load_once()
            where, seen = self._ref.place.name, self._ref.seen()
            if self._files.commit is None:
                if seen is not None:
                    yield f"{where} is gone; this machine last saw it at {seen[:12]}"
                return
            for lost in self._ref.lost(self._files.commit):
                yield (
                    f"the history of {where} was rewritten: {lost[:12]}, which this"
                    " machine has seen at its tip, is not in it any more; if that was"
                    f" meant, remove {self._ref.cache.root}"
                )
            yield from find_strays(self._files.listing, where)

    def _load_once(self) -> None:
        if not self._is_loaded:
            self.load()

    def _check_vacant(self) -> None:
        """A branch of something else must not become a log."""
        for name in self._files.listing.files:
            if name not in WELCOME and not _OURS.fullmatch(name):
                raise UsageError(
                    f"{self._ref.place.name} is no log: it has a file {name!r}",
                    hint="give the log a branch of its own",
                )

    def _insist(
        self, files: Sequence[tuple[str, bytes]], dropped: Sequence[str], what: str
    ) -> None:
        """Commit what fits on whatever the log is by now, so that races are redone."""
        with self._lock, self._ref.cache.locked():
            self._load_once()
            for attempt in range(_ATTEMPTS):
                known = self._files.listing.files
                gone = [name for name in dropped if name in known]
                if not files and not gone:
                    return
                try:
                    self._advance(files, gone, what)
                except TransientError:
                    if attempt == _ATTEMPTS - 1:
                        raise
                    self.load()
                else:
                    return

    def _advance(
        self,
        files: Sequence[tuple[str, bytes]],
        dropped: Sequence[str],
        message: str,
    ) -> None:
        base = self._files.commit
        with self._ref.cache.locked():
            commit = self._ref.objects.write_commit(base, files, dropped, message)
            self._ref.publish(base, commit)
        self._files.move(commit)


def _describe(checkpoint: bytes) -> str:
    """The message of a commit, from the second line of a checkpoint: its size."""
    size = checkpoint.split(b"\n")[1:2]
    is_known = size and size[0].isdigit() and len(size[0]) < _LONG
    count = size[0].decode() if is_known else "?"
    return f"Audit log up to entry {count}\n\n[skip ci]\n"


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"not the name of a file of a log: {name!r}")
