"""Before a rollout: by when any method could tell, and what the judge will do. Pure.

For any test that looks at a rollout until a fixed time, the information it has then,
the Kullback-Leibler divergence between what it must tell apart, is at least that of its
two error rates. Information comes in with the canary's requests, at a speed that
depends on its weight; `earliest` is when there is enough of it. So *no* method that is
wrong no more often can decide by a deadline before that.

Source:
    A. Wald, "Sequential Tests of Statistical Hypotheses", Ann. Math. Stat. 16 (1945),
    117-186; for a fixed time, the inequality of data processing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from sluicegate.canary import plan
from sluicegate.canary.metric import ERRORS
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.errors import UsageError
from sluicegate.model.traffic import RequestCounts

REGRESSIONS = (2.0, 5.0, 10.0)
"""How many times stable's error rate one wants to hear of, by default."""

_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the canary gets traffic, and for how long at most.

    Attributes:
        steps: its weights in percent, rising, in ``(0, 100)``.
        block_seconds: between two looks, above 0.
        step_blocks: blocks at each weight, at least 1.
        deadline_seconds: for the whole rollout, above 0.
    """

    steps: tuple[int, ...]
    block_seconds: float
    step_blocks: int
    deadline_seconds: float

    @property
    def step_seconds(self) -> float:
        """How long each weight lasts at least."""
        return self.step_blocks * self.block_seconds

    @property
    def ascent_seconds(self) -> float:
        """How long all steps last, before which nothing is promoted."""
        return len(self.steps) * self.step_seconds


@dataclass(frozen=True, slots=True)
class Traffic:
    """What both releases serve together.

    Raises:
        UsageError: no requests, or an error rate that is none.
    """

    requests_per_second: float
    error_rate: float

    def __post_init__(self) -> None:
        if not 0 < self.requests_per_second < inf:
            raise UsageError(
                f"need some requests per second, got {self.requests_per_second:g}"
            )
        if not 0 < self.error_rate < 1:
            raise UsageError(
                f"an error rate is between 0 and 1, got {self.error_rate:g}",
                hint="write 0.005 or 0.5%; where nothing ever fails, say what you"
                " would not even notice, such as 0.01%",
            )


def of_errors(settings: JudgeSettings) -> JudgeSettings:
    """The judge of failed requests alone, with their share of alpha.

    Other metrics have their own traffic and noise, of which nobody knows beforehand.
    """
    rules = Rules.of(settings, settings.errors)
    return replace(
        settings,
        alpha=rules.alpha or settings.alpha,
        ratio=rules.ratio,
        slack=rules.slack,
        sigma=rules.sigma,
        errors=ERRORS,
        metrics=(),
        fuse=None,
    )


def check_margin(settings: JudgeSettings, traffic: Traffic) -> None:
    """See to it that at this error rate anything is unacceptable.

    Raises:
        UsageError: nothing is, so nothing would ever be promoted.
    """
    requests = 10**9
    stable = RequestCounts(requests, round(traffic.error_rate * requests))
    if settings.margin.is_void(stable):
        raise UsageError(
            f"with {traffic.error_rate:.2g} of the requests failing nothing would be"
            " unacceptable, so nothing is promoted",
            hint="lower ratio or slack",
        )


def earliest(
    schedule: Schedule, traffic: Traffic, limit: Callable[[float], float]
) -> float:
    """Seconds until there can be enough information.

    Args:
        schedule: when the canary has which weight.
        traffic: of both releases together.
        limit: canary requests that it takes at a share of the traffic.
    """
    share_done, seconds = 0.0, 0.0
    for percent in schedule.steps:
        share = percent / 100
        speed = traffic.requests_per_second * share / limit(share)
        lasts = inf if percent == schedule.steps[-1] else schedule.step_seconds
        if share_done + speed * lasts >= 1:
            return seconds + (1 - share_done) / speed
        share_done += speed * lasts
        seconds += lasts
    raise AssertionError("the last step has no end")


def earliest_abort(
    schedule: Schedule, traffic: Traffic, settings: JudgeSettings, *, times: float
) -> float:
    """Seconds before which no method can tell a canary that fails *times* as often.

    With *settings*' chance of a false alarm, and missing it no more often than a bad
    canary may be promoted. *times* of the error rate must be below 1.
    """
    rate = traffic.error_rate

    def limit(share: float) -> float:
        return plan.abort_limit(
            (times * rate, rate), share=share, alpha=settings.alpha, beta=settings.beta
        )

    return earliest(schedule, traffic, limit)


def earliest_promotion(
    schedule: Schedule, traffic: Traffic, settings: JudgeSettings
) -> float:
    """Seconds before which no method can promote a copy of stable.

    With *settings*' chance to promote an unacceptable one, and missing the copy no more
    often than a good canary may be aborted.
    """

    def limit(share: float) -> float:
        return plan.promote_limit(
            traffic.error_rate,
            share=share,
            alpha=settings.alpha,
            beta=settings.beta,
            margin=settings.margin,
        )

    return earliest(schedule, traffic, limit)


def least_regression(
    schedule: Schedule, traffic: Traffic, settings: JudgeSettings
) -> float | None:
    """The smallest factor that any method can tell by the deadline; None for none."""
    low, high = 1.0, 1 / traffic.error_rate

    def is_told(times: float) -> bool:
        needed = earliest_abort(schedule, traffic, settings, times=times)
        return needed <= schedule.deadline_seconds

    if not is_told(high * (1 - 1e-9)):
        return None
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if is_told(middle) else (middle, high)
    return high
