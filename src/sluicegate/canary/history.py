"""What the numbers of an earlier time say of a rollout to come. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from sluicegate.canary.batches import Batch, Batches
from sluicegate.canary.lines import Line
from sluicegate.canary.metric import ERRORS
from sluicegate.canary.sigma import Estimate, estimate_sigma
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally

_LEAST_INTERVALS = 2  # one has an end, but no beginning


@dataclass(frozen=True, slots=True)
class History:
    """The failed requests of a time that is over, interval by interval, in order.

    Raises:
        UsageError: fewer than two intervals, intervals out of order, or no request.
    """

    intervals: tuple[tuple[float, Pair], ...]

    def __post_init__(self) -> None:
        ends = [at for at, _ in self.intervals]
        if len(ends) < _LEAST_INTERVALS or ends[0] == ends[-1]:
            raise UsageError(
                "a history needs at least two intervals of failed requests"
            )
        if ends != sorted(ends):
            raise UsageError("t goes back in the history")
        if self._served.n == 0:
            raise UsageError("no request is in the history")

    @property
    def _total(self) -> Pair:
        return reduce(add, (pair for _, pair in self.intervals))

    @property
    def _served(self) -> Tally:
        return self._total.stable + self._total.canary

    @property
    def requests_per_second(self) -> float:
        """Of both releases. The first interval is taken to be as long as the mean."""
        count = len(self.intervals)
        seconds = self.intervals[-1][0] - self.intervals[0][0]
        return self._served.n / (seconds * count / (count - 1))

    @property
    def error_rate(self) -> float:
        """Of stable, or of all where stable served nothing.

        Half a failure in one request is added, which keeps it off 0.
        """
        stable = self._total.stable
        seen = stable if stable.n else self._served
        return (seen.x[0] + 0.5) / (seen.n + 1)

    def estimate_noise(self, block_seconds: float) -> Estimate:
        """The noise between the two, if they were alike, in blocks so long."""
        batches, blocks = Batches(block_seconds), list[Batch]()
        for at, pair in self.intervals:
            batches, complete = batches.add(at, pair)
            blocks += [] if complete is None else [complete]
        return estimate_sigma(
            _counts([block.pair.canary for block in blocks]),
            _counts([block.pair.stable for block in blocks]),
        )


def read_history(lines: Iterable[Line]) -> History:
    """The failed requests among *lines*: ``errors``, or else what alone is like it.

    Raises:
        UsageError: there are none, or it is not clear which.
    """
    found: dict[str, list[tuple[float, Pair]]] = {}
    for line in lines:
        if line.metric.kind is MetricKind.BERNOULLI:
            found.setdefault(line.metric.name, []).append((line.at, line.pair))
    if ERRORS.name in found:
        return History(tuple(found[ERRORS.name]))
    if len(found) != 1:
        raise UsageError(
            "a history needs one metric of kind bernoulli, or one called errors"
        )
    return History(tuple(next(iter(found.values()))))


def _counts(tallies: Sequence[Tally]) -> list[tuple[int, int]]:
    return [(tally.n, tally.x[0]) for tally in tallies]
