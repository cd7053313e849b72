"""What a log in a bucket has committed, held against what is locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.adapters.stores.bucket import Content
from sluicegate.adapters.stores.bucket_control import (
    Control,
    name_of,
    numbered,
    size_of,
    text_of,
)
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.errors import IntegrityError, TransientError

_FOLDER = "checkpoints/"
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class State:
    """A committed checkpoint; ``waiting`` are its files while they are not copied."""

    cell: Content | None = None
    waiting: Mapping[str, bytes] | None = None

    @property
    def checkpoint(self) -> bytes | None:
        """The checkpoint, None in a log that was never written."""
        return None if self.cell is None else self.cell.data


class Copies:
    """The locked copies of checkpoints among *files*: one of each that counts."""

    def __init__(self, files: LockedFiles) -> None:
        self._files = files

    def name(self, checkpoint: bytes) -> str:
        """The name of the copy of exactly these bytes."""
        return _FOLDER + name_of(checkpoint)

    def keep(self, checkpoint: bytes) -> None:
        """Lock a copy: its files are in place."""
        self._files.keep(self.name(checkpoint), checkpoint)

    def has(self, checkpoint: bytes) -> bool:
        """Whether there is one of these bytes."""
        return self.name(checkpoint) in self.since(size_of(checkpoint))

    def since(self, size: int) -> Sequence[str]:
        """Those of *size* entries and more, by size; delete markers hide none."""
        versions = self._files.bucket.versions(_FOLDER, _FOLDER + numbered(size))
        return sorted({version.name for version in versions if not version.is_marker})

    def oldest(self) -> str | None:
        """That of the smallest size."""
        versions = self._files.bucket.versions(_FOLDER, page=1)
        return next((version.name for version in versions), None)

    def check(self, checkpoint: bytes) -> bool:
        """Whether *checkpoint* has a copy, and nothing contradicts it.

        Raises:
            IntegrityError: a larger one is locked, or another one of the same size.
        """
        size = size_of(checkpoint)
        copies = self.since(size)
        if copies and copies[-1] > _FOLDER + numbered(size + 1):
            raise IntegrityError(
                f"the checkpoint was rolled back: it says {size} entries, and one of"
                f" {_size_in(copies[-1])!a} is locked in the bucket",
                hint=f"see who replaced it in the control place; the newest is"
                f" {copies[-1]!a}",
            )
        own = self.name(checkpoint)
        for name in copies:
            # Another key may have signed the same.
            copy = None if name == own else self._files.read(name)
            if copy is not None and text_of(copy) != text_of(checkpoint):
                raise IntegrityError(
                    f"the bucket has two different logs of {size} entries",
                    hint=f"compare the checkpoint in the control place and {name!a}",
                )
        return own in copies


def read_state(control: Control, copies: Copies) -> State:
    """The committed state.

    Copies are made after the commit, and what is staged goes after them. So a copy that
    is beyond the checkpoint, which is read first, or one that is missing, means that
    others go on, or, if it is so again while the checkpoint stays, that somebody undid
    what they did.

    Raises:
        IntegrityError: the checkpoint or its files are not what they were.
        TransientError: others commit all the time.
    """
    before: Content | None = None
    trouble: IntegrityError | None = None
    for _ in range(_ATTEMPTS):
        cell = control.read()
        try:
            return _judge(cell, control, copies)
        except IntegrityError as error:
            if trouble is not None and cell == before:
                raise
            trouble, before = error, cell
    raise TransientError("other writers are faster every time") from trouble


def _judge(cell: Content | None, control: Control, copies: Copies) -> State:
    if cell is None:
        left = copies.since(0)
        if left:
            raise IntegrityError(
                f"the checkpoint is gone, and {len(left)} locked copies are there",
                hint=f"see who deleted it in the control place; the newest is"
                f" {left[-1]!a}",
            )
        return State()
    if copies.check(cell.data):
        return State(cell)
    waiting = control.staged(cell.data)
    if waiting is None:
        raise IntegrityError(
            f"the checkpoint says {size_of(cell.data)} entries, and the files that it"
            " committed are neither locked nor staged",
            hint="see who changed the control place of the bucket",
        )
    return State(cell, waiting)


def _size_in(copy: str) -> int | str:
    size = copy.removeprefix(_FOLDER).partition("-")[0]
    return int(size) if size.isdecimal() else copy
