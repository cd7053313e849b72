"""The commit point of a log in a bucket, and the files that wait behind it.

    checkpoint                       replaced by compare-and-swap
    staging/<size>-<digest>          the files of that checkpoint, until they are locked

Nothing here is locked, nothing here is trusted: the log's key signs the checkpoint, and
the checkpoint binds the files.

Source:
    The order is that of Sunlight (https://filippo.io/a-different-CT-log): stage, swap,
    copy to where nothing can be deleted.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from sluicegate.adapters.stores.bucket import Bucket, Content
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PermanentError,
    TransientError,
)

_CELL = "checkpoint"
_DIGITS = 20  # sizes sort as numbers do


class Control:
    """The control objects in *bucket*."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._staged: dict[str, str] = {}  # versions of what this process staged

    def read(self) -> Content | None:
        """The committed checkpoint, None in a log that was never written."""
        return self.bucket.get(_CELL)

    def stage(self, files: Sequence[tuple[str, bytes]], new: bytes) -> None:
        """Keep what *new* will commit, so that anyone can carry it on.

        Raises:
            IntegrityError: something else is under its name.
        """
        name, data = _staging(new), _pack(files)
        version = self.bucket.create(name, data)
        if version is not None:
            self._staged[name] = version
        else:
            found = self.bucket.get(name)
            if found is None or found.data != data:
                raise IntegrityError(f"{name} in the control place was changed")

    def staged(self, new: bytes) -> Mapping[str, bytes] | None:
        """The files that *new* committed, None if they do not wait here.

        Raises:
            IntegrityError: what waits here is something else.
        """
        found = self.bucket.get(_staging(new))
        return None if found is None else _unpack(found.data)

    def unstage(self, new: bytes) -> None:
        """Remove the files of *new*: they are locked, or were never committed."""
        name = _staging(new)
        if name in self._staged:
            self.bucket.delete(name, self._staged.pop(name))
            return
        for version in list(self.bucket.versions(name)):
            self.bucket.delete(version.name, version.id)

    def swap(self, old: Content | None, new: bytes) -> bool:
        """Commit *new* if *old* still is the checkpoint; False if another one is.

        A reply may be lost, and a repeated request is refused because of the first. So
        a refusal says nothing; only reading back does.

        Raises:
            TransientError: it is not committed, and *old* still is the checkpoint.
            ExternalError: it is refused, or whether it is committed is unknown.
        """
        try:
            if old is None:
                done = self.bucket.create(_CELL, new) is not None
            else:
                done = self.bucket.replace(_CELL, new, old.tag)
        except ExternalError as error:
            return self._settle(old, new, error)
        return done or self._settle(old, new, None)

    def _settle(
        self, old: Content | None, new: bytes, cause: ExternalError | None
    ) -> bool:
        try:
            now = self.read()
        except ExternalError as error:
            raise _unknown() from (cause or error)
        if now is not None and now.data == new:
            return True
        if (now and now.data) != (old and old.data):
            return False
        if isinstance(cause, TransientError):
            raise _unknown() from cause  # it may be carried out later
        raise cause or TransientError("the bucket was busy with another writer")


def size_of(checkpoint: bytes) -> int:
    """The size that a checkpoint says: its second line.

    Raises:
        IntegrityError: it says none.
    """
    lines = checkpoint.split(b"\n", 2)
    if len(lines) > 1 and lines[1].isdigit() and len(lines[1]) < _DIGITS:
        return int(lines[1])
    raise IntegrityError("what should be a checkpoint is none")


def text_of(checkpoint: bytes) -> bytes:
    """What a checkpoint commits to, without who signed it."""
    return checkpoint.partition(b"\n\n")[0]


def numbered(size: int) -> str:
    """A size as names have it."""
    return f"{size:0{_DIGITS}d}"


def name_of(checkpoint: bytes) -> str:
    """The name of what belongs to exactly these bytes."""
    return f"{numbered(size_of(checkpoint))}-{sha256(checkpoint).hexdigest()}"


def _staging(checkpoint: bytes) -> str:
    return f"staging/{name_of(checkpoint)}"


def _pack(files: Sequence[tuple[str, bytes]]) -> bytes:
    header = json.dumps([[name, len(data)] for name, data in files])
    return b"\n".join((header.encode(), b"".join(data for _, data in files)))


def _unpack(data: bytes) -> dict[str, bytes]:
    header, _, rest = data.partition(b"\n")
    files: dict[str, bytes] = {}
    at = 0
    for name, size in _read_header(header):
        files[name] = rest[at : at + size]
        at += size
    if at != len(rest):
        raise IntegrityError("the staged files are cut short or go on")
    return files


def _read_header(header: bytes) -> list[tuple[str, int]]:
    trouble = IntegrityError("the staged files cannot be read")
    try:
        found = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise trouble from error
    match found:
        case [*pairs]:
            for pair in pairs:
                match pair:
                    case [str(), int(size)] if size >= 0:
                        continue
                    case _:
                        raise trouble
            return [(name, size) for name, size in pairs]
        case _:
            raise trouble


def _unknown() -> PermanentError:
    return PermanentError(
        "whether the entries are committed is unknown: the bucket does not answer",
        hint="run the command again; it looks first",
    )
