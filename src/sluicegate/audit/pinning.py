"""Holding a log against what this machine has seen of it.

Two things are remembered, and a log must extend both: the last checkpoint in its place,
whatever log that was, and the last checkpoint of its key, wherever that was. A log that
was moved or restored as it last was passes; an older copy does not, in any folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.audit.reader import LogReader
from sluicegate.errors import IntegrityError
from sluicegate.ports.pin import CheckpointPin
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.note import parse_note


@dataclass(frozen=True, slots=True)
class Sighting:
    """A checkpoint seen before, where it is kept, what to do if a log lacks it."""

    raw: bytes
    where: str
    hint: str

    @property
    def is_readable(self) -> bool:
        """Whether it is a checkpoint at all."""
        try:
            self.read()
        except IntegrityError:
            return False
        return True

    def read(self) -> Checkpoint:
        """The checkpoint. Its signature was verified before it was kept.

        Raises:
            IntegrityError: it is not what was kept.
        """
        try:
            return parse_checkpoint(parse_note(self.raw).text)
        except IntegrityError as error:
            raise IntegrityError(
                f"{self.where} is not a checkpoint: {error}",
                hint="See who changed it. Removing it forgets what this machine has "
                "seen of the log.",
            ) from error


def recall(pin: CheckpointPin, *vkeys: str) -> list[Sighting]:
    """What was seen of the log of *vkeys*, as far as they are known, and in its place.

    Call it before the log is read: one that grows meanwhile still extends it.
    """
    seen = []
    here = pin.load()
    if here is not None:
        hint = (
            "Restore the log from its newest copy. The checkpoint last seen in this "
            f"place is in {pin.where()}; remove it only if you put another log here."
        )
        seen.append(Sighting(here, pin.where(), hint))
    for vkey in vkeys:
        newest = pin.load_of(vkey)
        if newest is None or newest in [each.raw for each in seen]:
            continue
        where = pin.where_of(vkey)
        hint = (
            "This folder holds a copy that is not the newest: use the log where it "
            "went on, or restore its newest copy. The checkpoint last seen is in "
            f"{where}; remove it only if all newer copies are lost."
        )
        seen.append(Sighting(newest, where, hint))
    return seen


def explain_loss(pin: CheckpointPin) -> IntegrityError | None:
    """What is wrong if there is no log in this place; None if there never was one.

    Call it before the log is looked for: one that begins meanwhile is not a loss.
    """
    raw = pin.load()
    if raw is None:
        return None
    where = pin.where()
    try:
        size = Sighting(raw, where, "").read().size
    except IntegrityError as error:
        return IntegrityError(f"the log is gone, and {error}", hint=error.hint)
    return IntegrityError(
        f"the log is gone: it had {size} entries when it was last seen",
        hint="Restore it from a copy. If you removed it on purpose, remove "
        f"{where} too.",
    )


def check_seen(log: LogReader, seen: Sequence[Sighting]) -> None:
    """Check that *log* extends all that was seen.

    Raises:
        IntegrityError: it was rolled back, rewritten or replaced since.
    """
    for sighting in seen:
        old = sighting.read()
        try:
            log.check_extends(old)
        except IntegrityError as error:
            raise IntegrityError(str(error), hint=sighting.hint) from error
