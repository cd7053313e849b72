"""What is counted of both releases during a rollout, in whole numbers."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sluicegate.errors import UsageError


@enum.unique
class MetricKind(enum.Enum):
    """How the numbers of a metric are to be read; see `Tally`."""

    BERNOULLI = "bernoulli"  # requests, each of which failed or not
    LATENCY = "latency"  # requests, and how many were slower than each edge
    RATE = "rate"  # events by exposure: restarts by replica-seconds, tokens by requests
    GAUGE = "gauge"  # samples of a quantity: memory, utilisation, queue length
    CATEGORIES = "categories"  # predictions by class, or scores by bin


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of one metric for one release.

    Attributes:
        n: requests; for a rate the exposure; for a gauge the samples. At least 0.
        x: what was counted among them, whole numbers:

            - bernoulli: ``(failed,)``, at most ``n``;
            - latency: requests slower than each edge, edges rising, so never rising
              themselves, each at most ``n``;
            - rate: ``(events,)``, which may exceed ``n``;
            - gauge: ``(sum,)`` of all samples, in millionths of the unit;
            - categories: requests of each category, ``n`` in all.
    """

    n: int
    x: tuple[int, ...]

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.n + other.n, tuple(a + b for a, b in zip(self.x, other.x, strict=True))
        )

    @classmethod
    def nothing(cls, width: int) -> Self:
        """No request at all, of a metric with *width* numbers."""
        return cls(0, (0,) * width)


@dataclass(frozen=True, slots=True)
class Pair:
    """The numbers of both releases, over the same time."""

    stable: Tally
    canary: Tally

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.stable + other.stable, self.canary + other.canary)


def check_tally(kind: MetricKind, tally: Tally, *, width: int) -> None:
    """See to it that *tally* can be one of a metric of *kind* with *width* numbers.

    Raises:
        UsageError: it cannot.
    """
    fault = _fault(kind, tally.n, tally.x, width)
    if fault is not None:
        numbers = ", ".join(map(str, tally.x))
        raise UsageError(
            f"no numbers of a {kind.value} metric: {fault}, got n {tally.n} and"
            f" x {numbers}"
        )


def _fault(kind: MetricKind, n: int, x: Sequence[int], width: int) -> str | None:
    if len(x) != width:
        return f"need {width} of x"
    if n < 0 or (kind is not MetricKind.GAUGE and min(x, default=0) < 0):
        return "negative"
    if kind is MetricKind.BERNOULLI and x[0] > n:
        return "x is more than n"
    if kind is MetricKind.LATENCY and list(x) != sorted(x, reverse=True):
        return "more requests are slower than a higher edge"
    if kind is MetricKind.LATENCY and x and x[0] > n:
        return "x is more than n"
    if kind is MetricKind.CATEGORIES and sum(x) != n:
        return "x does not add up to n"
    return None
