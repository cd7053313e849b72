"""A log in a bucket whose objects are locked as soon as they are committed.

A locked object can be neither replaced nor deleted, so nothing may be locked that might
not be committed: a partial tile left behind by a crash would be in the way for years.
So a batch is staged where nothing is locked, committed by swapping the checkpoint
there, and only then copied to where it stays:

    checkpoint, tile/...                what anyone can read (C2SP tlog-tiles)
    checkpoints/<size>-<digest>         every checkpoint, locked
    ctl/checkpoint, ctl/staging/...     see `bucket_control`

Whoever finds a committed batch that is not copied yet copies it before committing
another one; a reader takes it from where it waits. So at most one batch waits.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta

from typing_extensions import override

from sluicegate.adapters.stores.bucket_control import Control, size_of
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.bucket_keeping import BucketKeeping
from sluicegate.adapters.stores.bucket_state import Copies, State, read_state
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PermanentError,
    TransientError,
    UsageError,
)
from sluicegate.model.retention import Promise
from sluicegate.ports.store import LogStore

_CELL = "checkpoint"
_FILES = "tile/"
_COPIES = "checkpoints/"
_EVIDENCE = "evidence/"
_OWN = ("ctl/", _EVIDENCE, _COPIES)
_FILE = re.compile(r"tile(/[a-z0-9_-][a-z0-9._-]*)+")
_ATTEMPTS = 8


class BucketLog(LogStore):
    """The log whose files are *files* and whose control objects are in *control*."""

    def __init__(self, files: LockedFiles, control: Control) -> None:
        self._files, self._control = files, control
        self._bucket = files.bucket
        self._copies = Copies(files)
        self._keeping = BucketKeeping(files, (_FILES, _COPIES, _EVIDENCE))
        self._state: State | None = None
        self._is_prepared = False

    @override
    def get(self, name: str) -> bytes | None:
        if name == _CELL:
            return self.load()
        if not name.startswith(_FILES):
            content = self._bucket.get(name)
            return None if content is None else content.data
        data = self._files.read(name)
        if data is not None:
            return data
        if self._state is None:
            self.load()
        return self._waiting.get(name)

    @override
    def names(self, prefix: str = "") -> Iterator[str]:
        if self._state is None:
            self.load()
        waiting = {name for name in self._waiting if name.startswith(prefix)}
        for name, history in self._files.histories(prefix):
            for earlier in sorted(one for one in waiting if one < name):
                yield earlier
                waiting.discard(earlier)
            waiting.discard(name)
            is_there = any(not version.is_marker for version in history)
            if is_there and not name.startswith(_OWN):
                yield name
        yield from sorted(waiting)

    @override
    def load(self) -> bytes | None:
        return self._read().checkpoint

    @override
    def exclusive(self) -> AbstractContextManager[None]:
        return nullcontext()

    @override
    def commit(
        self, old: bytes | None, files: Sequence[tuple[str, bytes]], new: bytes
    ) -> None:
        for name, _ in files:
            if not _FILE.fullmatch(name):
                raise UsageError(f"not the name of a file of a log: {name!r}")
        state = self._state
        if state is None or old is None or state.checkpoint != old:
            state = self._read()
        if state.checkpoint != old:
            raise TransientError("another writer was faster")
        self._prepare(state)
        if new == old:
            return
        self._state = None
        self._control.stage(files, new)
        if not self._control.swap(state.cell, new) and not self._copies.has(new):
            self._control.unstage(new)
            raise TransientError("another writer was faster")
        try:
            self._copy(dict(files), new)
        except ExternalError as error:
            raise PermanentError(
                f"the entries are committed, but not locked yet: {error}",
                hint=error.hint or "the next command that writes goes on with it",
            ) from error

    @override
    def keep_for(self, days: int) -> None:
        self._files.keep_for(timedelta(days=days))
        self._is_prepared = False

    def promised(self) -> timedelta:
        """For how long what is committed now is kept.

        Raises:
            IntegrityError: the log is not what it was.
            ExternalError: the bucket cannot be read.
        """
        self._follow(self._state or self._read())
        return self._files.retention

    @override
    def attach(self, name: str, data: bytes) -> None:
        if name == _CELL or name.startswith((_FILES, *_OWN)):
            raise UsageError(f"not the name of a file beside a log: {name!r}")
        self._bucket.overwrite(name, data)

    @override
    def drop(self, names: Sequence[str]) -> None:
        self._keeping.drop(names)

    @override
    def promise(self) -> Promise:
        return self._keeping.promise()

    @override
    def expiry(self, name: str) -> datetime | None:
        return self._keeping.expiry(name)

    @override
    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        return self._keeping.hold(names, on=on)

    @override
    def inspect(self, size: int) -> Iterator[str]:
        return self._keeping.inspect()

    def _read(self) -> State:
        self._state = read_state(self._control, self._copies)
        return self._state

    @property
    def _waiting(self) -> Mapping[str, bytes]:
        return (self._state and self._state.waiting) or {}

    def _prepare(self, state: State) -> None:
        """See to it that the bucket can keep a batch, and that none waits."""
        if not self._is_prepared:
            self._follow(state)
            self._files.check_bucket()
            self._is_prepared = True
        if state.cell is not None and state.waiting is not None:
            self._copy(state.waiting, state.cell.data)

    def _follow(self, state: State) -> None:
        """Keep what comes for as long as what was first and last committed."""
        self._files.follow(self._copies.oldest())
        if state.cell is not None:
            self._files.follow(self._copies.name(state.cell.data))

    def _copy(self, files: Mapping[str, bytes], checkpoint: bytes) -> None:
        """Put a committed batch where it stays; again and again changes nothing."""
        for name, data in files.items():
            if not _FILE.fullmatch(name):
                raise IntegrityError(f"staged, but no file of a log: {name!r}")
            self._files.keep(name, data)
        self._copies.keep(checkpoint)
        self._point(checkpoint)
        self._control.unstage(checkpoint)

    def _point(self, checkpoint: bytes) -> None:
        """Show everybody the newest checkpoint; who is slower does not set it back."""
        for _ in range(_ATTEMPTS):
            shown = self._bucket.get(_CELL)
            if shown is None:
                if self._bucket.create(_CELL, checkpoint) is not None:
                    return
                continue
            if shown.data == checkpoint or self._is_newer(shown.data, checkpoint):
                return
            if self._bucket.replace(_CELL, checkpoint, shown.tag):
                return

    def _is_newer(self, shown: bytes, checkpoint: bytes) -> bool:
        try:
            newer = size_of(shown) > size_of(checkpoint)
            return newer and self._copies.has(shown)
        except IntegrityError:
            return False  # anyone may have written it
