"""The settings of a judge: error rates of the verdict, metrics, what is worse. Pure."""

from dataclasses import dataclass

from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.promote import Margin
from sluicegate.canary.rules import Rules, weight_of
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """The error rates of the verdict, and what counts as worse.

    Attributes:
        alpha: chance ever to abort a canary no worse than stable, in ``(0, 0.5)``,
            over all metrics and the fuse together.
        beta: chance ever to promote an unacceptable canary, in ``(0, 0.5)``.
        ratio: with *slack*, unacceptable is ``p_c >= ratio * p_s + slack``.
        slack: as a fraction of requests.
        sigma: noise of the log risk ratio per block, in ``(0, abort.MAX_SIGMA]``; None
            if requests fail independently.
        min_requests: least number of canary requests before promotion, ``>= 1``.
        min_seconds: least time that was observed before promotion, ``>= 0``.
        errors: how failed requests are judged; of kind bernoulli.
        metrics: what is judged beside them.
        fuse: error rate of the canary, in ``(0, 1)``, beyond which it is aborted
            without a comparison, while stable is seen to be healthy; None for none.
        restarts: whether evidence of a regression may begin late.
        share_check: whether the canary's share of the requests must fit its weight.

    Raises:
        UsageError: a value outside its range, or metrics that cannot be judged
            together.
    """

    alpha: float = 0.01
    beta: float = 0.05
    ratio: float = 2.0
    slack: float = 0.001
    sigma: float | None = 0.3
    min_requests: int = 1
    min_seconds: float = 0.0
    errors: Metric = ERRORS
    metrics: tuple[Metric, ...] = ()
    fuse: float | None = None
    restarts: bool = False
    share_check: bool = True

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise UsageError(f"alpha must be in (0, 0.5), got {self.alpha}")
        Rules(self.alpha, self.beta, self.ratio, self.slack, self.sigma)
        if self.min_requests < 1:
            raise UsageError(
                f"min_requests must be at least 1, got {self.min_requests}"
            )
        if not 0 <= self.min_seconds < float("inf"):
            raise UsageError(f"min_seconds must be at least 0, got {self.min_seconds}")
        if self.fuse is not None and not 0 < self.fuse < 1:
            raise UsageError(f"fuse must be in (0, 1), got {self.fuse}")
        self._check_metrics()

    def _check_metrics(self) -> None:
        if self.errors.kind is not MetricKind.BERNOULLI:
            raise UsageError(f"{self.errors.name}: failed requests are bernoulli")
        names = [metric.name for metric in self.judged]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise UsageError(f"two metrics are called {min(twice)}")
        if not any(metric.required and has_margin(metric) for metric in self.judged):
            raise UsageError(
                "no metric is required, so a canary would be promoted unseen",
                hint="require at least one, such as errors",
            )
        if self.fuse is None and not any(map(weight_of, self.judged)):
            raise UsageError(
                "every metric has weight 0, so nothing could ever abort",
                hint="give at least one, such as errors, a weight above 0",
            )
        for metric in self.judged:
            Rules.of(self, metric)

    @property
    def judged(self) -> tuple[Metric, ...]:
        """All metrics, failed requests first."""
        return (self.errors, *self.metrics)

    @property
    def margin(self) -> Margin:
        """What is unacceptable of failed requests."""
        return Rules.of(self, self.errors).margin


def has_margin(metric: Metric) -> bool:
    """Whether anything of it is unacceptable, so that promotion needs evidence."""
    return metric.kind is not MetricKind.CATEGORIES or metric.tolerance is not None
