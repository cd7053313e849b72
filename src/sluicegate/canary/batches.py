"""Put numbers that come in short intervals together into batches. Pure.

The noise that a judge allows for is that of a batch, so batches are of the length for
which it was stated, and never depend on what is in them: a batch holds the intervals
whose end lies in the same multiple of its length after the first one's.
"""

from dataclasses import dataclass, replace

from sluicegate.errors import UsageError
from sluicegate.model.metric import Pair

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is complete. ``at`` is the end of its last interval, in seconds."""

    at: float
    pair: Pair


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of one metric.

    Attributes:
        length: of a batch, in seconds, ``> 0``; None: every interval is a batch.
        first: the end of the first interval, in seconds; None before it.
        open: the batch that more may be added to.
    """

    length: float | None
    first: float | None = None
    open: Batch | None = None

    def add(self, at: float, pair: Pair) -> "tuple[Batches, Batch | None]":
        """Add an interval that ends at *at*, in seconds; the batch it completes.

        Raises:
            UsageError: it ends before the one before it.
        """
        if self.open is None or self.first is None:
            return replace(self, first=at, open=Batch(at, pair)), None
        if at < self.open.at:
            raise UsageError(f"t goes back from {self.open.at} to {at}")
        if self.length is None or self._index(at) > self._index(self.open.at):
            return replace(self, open=Batch(at, pair)), self.open
        return replace(self, open=Batch(at, self.open.pair + pair)), None

    def close(self) -> "tuple[Batches, Batch | None]":
        """End the open batch as it stands; the next interval begins one."""
        return replace(self, open=None), self.open

    def _index(self, at: float) -> int:
        """In whole microseconds, so that 60.3 is 60 after 0.3."""
        assert self.first is not None
        assert self.length is not None
        return (_micros(at) - _micros(self.first)) // max(1, _micros(self.length))


def _micros(seconds: float) -> int:
    return round(seconds * _MILLION)
