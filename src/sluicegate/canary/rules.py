"""What a metric takes from the judge: its error rates, and what counts as worse. Pure.

The chance ``alpha`` of a false abort is shared among the metrics in proportion to their
weights, so all of them together keep it (the union bound). ``beta`` is not: an
unacceptable canary is unacceptable by some metric, and promotion needs every required
one, so each may use all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from sluicegate.canary.abort import MAX_SIGMA
from sluicegate.canary.metric import Metric
from sluicegate.canary.promote import Margin
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind

_FRACTIONS = frozenset({MetricKind.BERNOULLI, MetricKind.LATENCY})


class Common(Protocol):
    """What all metrics of a judge share: `sluicegate.canary.settings.JudgeSettings`."""

    @property
    def alpha(self) -> float:
        """Chance of a false abort, over all metrics."""
        ...

    @property
    def beta(self) -> float:
        """Chance of a false promotion."""
        ...

    @property
    def ratio(self) -> float:
        """With `slack`, what is unacceptable."""
        ...

    @property
    def slack(self) -> float:
        """With `ratio`, what is unacceptable."""
        ...

    @property
    def sigma(self) -> float | None:
        """Noise of the log ratio per block."""
        ...

    @property
    def restarts(self) -> bool:
        """Whether evidence of a regression may begin late."""
        ...

    @property
    def fuse(self) -> float | None:
        """Error rate that aborts without a comparison; counts as one more metric."""
        ...

    @property
    def judged(self) -> Sequence[Metric]:
        """All metrics."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one metric, its own settings applied.

    Attributes:
        alpha: its share of the chance to abort a good canary, in ``[0, 0.5)``; 0 for a
            metric that never aborts.
        beta: chance to promote an unacceptable canary, in ``(0, 0.5)``.
        ratio: unacceptable is ``ratio * stable + slack``; at least 1.
        slack: at least 0, in the unit that `Metric.slack` has.
        sigma: noise of the log ratio per block, in ``(0, abort.MAX_SIGMA]``; None if
            requests are independent.
        restarts: whether evidence of a regression may begin late.

    Raises:
        UsageError: a value outside its range.
    """

    alpha: float = 0.01
    beta: float = 0.05
    ratio: float = 2.0
    slack: float = 0.001
    sigma: float | None = 0.3
    restarts: bool = False

    def __post_init__(self) -> None:
        if not 0 <= 2 * self.alpha < 1:
            raise UsageError(f"alpha must be in (0, 0.5), got {self.alpha}")
        if not 0 < 2 * self.beta < 1:
            raise UsageError(f"beta must be in (0, 0.5), got {self.beta}")
        if self.sigma is not None and not 0 < self.sigma <= MAX_SIGMA:
            raise UsageError(
                f"sigma must be in (0, {MAX_SIGMA}], got {self.sigma}",
                hint="arms noisier than that need longer blocks, or more machines each",
            )
        if not 1 <= self.ratio < float("inf"):
            raise UsageError(f"ratio must be at least 1, got {self.ratio}")
        if not 0 <= self.slack < float("inf"):
            raise UsageError(f"slack must be at least 0, got {self.slack}")

    @property
    def margin(self) -> Margin:
        """What is unacceptable of a fraction of requests."""
        return Margin(self.ratio, self.slack)

    @classmethod
    def of(cls, settings: Common, metric: Metric) -> Self:
        """The rules of *settings* for *metric*, one of theirs.

        Raises:
            UsageError: its own settings are outside their range.
        """
        weights = [weight_of(each) for each in settings.judged]
        total = sum(weights) + (settings.fuse is not None)
        sigma = settings.sigma if metric.sigma is None else metric.sigma
        try:
            rules = cls(
                alpha=share_of(settings.alpha, weight_of(metric), total),
                beta=settings.beta,
                ratio=settings.ratio if metric.ratio is None else metric.ratio,
                slack=settings.slack if metric.slack is None else metric.slack,
                sigma=sigma or None,
                restarts=settings.restarts,
            )
            if metric.kind in _FRACTIONS:
                Margin(rules.ratio, rules.slack)
        except UsageError as error:
            raise UsageError(f"{metric.name}: {error}", hint=error.hint) from error
        return rules


def weight_of(metric: Metric) -> float:
    """Its share of alpha, in proportion to the others'; 0 if it never aborts.

    A drift of categories is no harm in itself: it aborts only beyond a tolerance that
    somebody has set.
    """
    if metric.kind is MetricKind.CATEGORIES and metric.tolerance is None:
        return 0.0
    return metric.weight


def share_of(alpha: float, weight: float, total: float) -> float:
    """The share of *alpha* for one of *total* weights; all of it if it is the only one.

    Args:
        alpha: in ``(0, 0.5)``.
        weight: at least 0, at most *total*.
        total: of all weights.
    """
    return alpha * (weight / total) if weight > 0 else 0.0
