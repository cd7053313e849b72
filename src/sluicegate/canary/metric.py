"""Metrics of a canary, and what every kind of evidence offers. Pure.

A metric is judged by two e-processes. `Evidence.abort_nats` is the logarithm of the one
against "the canary is no worse than stable": a good canary's *ever* exceeds
``ln(1 / alpha)`` with probability at most ``alpha``. `Evidence.promote_nats` is that of
the one against "the canary is unacceptably worse", likewise with ``beta``.
"""

from dataclasses import dataclass
from typing import Protocol, Self

from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a rollout, and what counts as worse.

    Attributes:
        name: unique within a rollout.
        kind: how its numbers are to be read.
        weight: its share of ``alpha``, in proportion to the other metrics'; ``> 0``.
            0 for a metric that only warns, and never aborts.
        required: whether promotion takes evidence that this metric is acceptable.
        ratio: unacceptable is ``ratio * stable + slack``; None: the judge's.
        slack: in fractions of requests (bernoulli, latency), events by exposure (rate)
            or the gauge's unit; None: the judge's.
        sigma: noise of the log ratio per block; None: the judge's.
        edges: of a latency, in milliseconds, rising, at least one.
        slo: the edge that counts for half of the evidence, one of *edges*; None: all
            count alike, and the highest one must be acceptable.
        categories: names of the categories, at least two.
        tolerance: of categories: the total variation distance from stable's mix that
            is unacceptable, in ``(0, 1)``; None: a drift only warns.
    """

    name: str
    kind: MetricKind
    weight: float = 1.0
    required: bool = True
    ratio: float | None = None
    slack: float | None = None
    sigma: float | None = None
    edges: tuple[int, ...] = ()
    slo: int | None = None
    categories: tuple[str, ...] = ()
    tolerance: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf"):
            raise UsageError(f"{self.name}: a weight is at least 0, got {self.weight}")
        if self.kind is MetricKind.LATENCY and (
            not self.edges or list(self.edges) != sorted(set(self.edges))
        ):
            raise UsageError(f"{self.name}: a latency needs rising edges")
        if self.slo is not None and self.slo not in self.edges:
            raise UsageError(f"{self.name}: its slo is none of its edges")
        if self.kind is MetricKind.CATEGORIES and len(self.categories) < 2:  # noqa: PLR2004 - one is no mix
            raise UsageError(f"{self.name}: needs at least two categories")
        if self.tolerance is not None and not 0 < self.tolerance < 1:
            raise UsageError(
                f"{self.name}: a tolerance is in (0, 1), got {self.tolerance}"
            )

    @property
    def width(self) -> int:
        """How many numbers a `Tally` of it has in ``x``."""
        return len(self.edges) or len(self.categories) or 1


ERRORS = Metric("errors", MetricKind.BERNOULLI)
"""Failed requests, which every rollout is judged by."""


class Evidence(Protocol):
    """What speaks for and against a canary by one metric, after any number of blocks.

    Immutable, of constant size, and equal for equal blocks in equal order.
    """

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without requests changes nothing."""
        ...

    def no_better(self, before: Self) -> Self:
        """The same, with no more evidence that it is acceptable than *before* had.

        *before* is that of the blocks before the last one. What the last one says
        against the canary stays.
        """
        ...

    @property
    def total(self) -> Pair:
        """The numbers of all blocks."""
        ...

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the canary is worse; finite; 0 before the first block."""
        ...

    @property
    def promote_nats(self) -> float:
        """Log-evidence that the canary is acceptable; 0 before the first block.

        ``-inf`` once no evidence could make up for what was seen.
        """
        ...
