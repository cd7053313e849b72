"""By how much the canary is worse, with confidence, at any time. Pure.

Beside a verdict people want a size: "at least 1.9 times stable's error rate", or, of a
canary that was never judged, "5 times and more is excluded". Both ends are confidence
sequences: the chance that "at least" is *ever* too high is at most ``alpha``, and that
an excluded ratio is *ever* the true one at most ``beta``.

For every ratio ``r`` of a grid (`RATIOS`) the split of the failures has a likelihood
``L(r)``, in every block, given how many failed in all, ``k``::

    sigma None:   L(r) = v^x (1 - v)^(k - x)         v = w r / (1 - w + w r)
    sigma given:  L(r) = BB(x; k, K v, K (1 - v))    K = 1 / (v (1 - v) sigma^2) - 1

with ``x`` and ``w`` as in `sluicegate.canary.abort`. The e-value against "at most r" is
the mean of ``prod L(r') / prod L(r)`` over some ``r' > r``, and against "at least r"
over some ``r' < r``. So one number for each point of the grid is all of the state.

- At least ``r``: all ratios of the grid up to ``r`` were rejected as too low. Whether 1
  was is the judge's matter, so that an abort and this are never at odds.
- Excluded from ``r`` on: all ratios of the grid from ``r`` up were rejected as too
  high.

A sequence that takes the unbroken run from the end of the grid is wrong only if the
first ratio beyond the true one is rejected: one event, not one for every ratio.

Why valid: without noise, with ``c = (1 - w + w r) / (1 - w + w r')``, the mean is ``(1
+ p_c (c r' / r - 1))^n_c (1 + p_s (c - 1))^n_s``, whose logarithm is at most ``n_c p_c
(c r' / r - 1) + n_s p_s (c - 1)``; that is 0 at ``p_c = r p_s`` and falls towards the
inside of the hypothesis. With noise the form is exact for arms as noisy as it says
(given ``k``, for Poisson failures). That it holds for less noise, too, is checked by
enumeration for ``sigma`` up to 0.3; beyond, a block of a canary that fails half of its
requests and more may have a mean of 1.001 (0.5) or 1.003 (0.7).
"""

from dataclasses import dataclass
from itertools import takewhile
from math import exp, fsum, log, log1p
from typing import Self

from sluicegate.canary.abort import log_rising
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair

_BELOW = (0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RATIOS = (
    *(1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5),
    *(4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0),
    *(50.0, 70.0, 100.0),
)
"""The ratios that are spoken of."""
_BEYOND = (150.0, 200.0, 300.0)
_GRID = (*_BELOW, *RATIOS, *_BEYOND)

_NO_NOISE = 1e-15  # variance below which the two forms agree in double precision


_FACTORS = (1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
"""How far from a ratio the others are that it is compared with."""


def _nearest(target: float, candidates: list[float]) -> int:
    """The index in the grid of the candidate that is nearest, by ratio."""
    return _GRID.index(min(candidates, key=lambda each: abs(log(each / target))))


_HIGHER = {
    r: [
        _nearest(r * factor, [each for each in _GRID if each > r])
        for factor in _FACTORS
    ]
    for r in RATIOS
}
_LOWER = {
    r: [
        _nearest(r / factor, [each for each in _GRID if each < r])
        for factor in _FACTORS
    ]
    for r in RATIOS
}
_INDEX = {r: index for index, r in enumerate(_GRID)}


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of the ratio of the canary's rate to stable's.

    Attributes:
        rules: its `alpha`, `beta` and `sigma` are used.
        logs: log-likelihood of each ratio of the grid, in nats, up to a constant.
        too_low: the ratios of `RATIOS` that were ever rejected as too low.
        too_high: those that were ever rejected as too high.
    """

    rules: Rules
    logs: tuple[float, ...] = (0.0,) * len(_GRID)
    too_low: frozenset[float] = frozenset()
    too_high: frozenset[float] = frozenset()

    def add(self, block: Pair) -> Self:
        """What is known after one more block, of kind bernoulli or rate.

        One without a split to judge changes nothing.
        """
        events = block.canary.x[0], block.stable.x[0]
        exposures = block.canary.n, block.stable.n
        if min(exposures) == 0 or sum(events) == 0:
            return self
        share = exposures[0] / sum(exposures)
        logs = tuple(
            before + log_likelihood(events, share, ratio, sigma=self.rules.sigma)
            for before, ratio in zip(self.logs, _GRID, strict=True)
        )
        return type(self)(
            self.rules,
            logs,
            self.too_low | _reject(logs, _HIGHER, self.too_low, self.rules.alpha),
            self.too_high | _reject(logs, _LOWER, self.too_high, self.rules.beta),
        )

    def at_least(self, *, worse: bool) -> float | None:
        """The ratio that the canary's rate is at least, with confidence ``1 - alpha``.

        Args:
            worse: whether the judge found it worse: `MetricState.abort_peak` has
                reached what an abort takes.

        Returns:
            None unless it is worse; 1 if nothing more can be said.
        """
        if not worse:
            return None
        run = takewhile(self.too_low.__contains__, RATIOS)
        return max(run, default=1.0)

    @property
    def excluded(self) -> float | None:
        """The ratio from which on all are excluded, with confidence ``1 - beta``.

        None while none is.
        """
        run = takewhile(self.too_high.__contains__, reversed(RATIOS))
        return min(run, default=None)


def log_likelihood(
    events: tuple[int, int], share: float, ratio: float, *, sigma: float | None
) -> float:
    """Log-likelihood of how *events* split, up to what is the same for all ratios.

    Args:
        events: of canary and stable, at least 0.
        share: the canary's share of the exposure, in ``(0, 1)``.
        ratio: of the canary's rate to stable's, above 0.
        sigma: noise of the log ratio, in ``(0, abort.MAX_SIGMA]``; None for none.
    """
    inflation = 1 + share * (ratio - 1)
    canary, stable = share * ratio / inflation, (1 - share) / inflation
    noise = 0.0 if sigma is None else canary * stable * sigma * sigma
    if noise < _NO_NOISE:
        failed = sum(events)
        return events[0] * log(ratio) - failed * log1p(share * (ratio - 1))
    concentration = 1 / noise - 1
    return fsum(
        (
            log_rising(concentration * canary, events[0]),
            log_rising(concentration * stable, events[1]),
            -log_rising(concentration, sum(events)),
        )
    )


def _reject(
    logs: tuple[float, ...],
    others: dict[float, list[int]],
    known: frozenset[float],
    chance: float,
) -> set[float]:
    """The ratios, beside those *known*, that are now rejected in favour of *others*."""
    if chance == 0:
        return set()
    return {
        ratio
        for ratio, against in others.items()
        if ratio not in known and _log_e(logs, _INDEX[ratio], against) >= -log(chance)
    }


def _log_e(logs: tuple[float, ...], against: int, others: list[int]) -> float:
    """Log of the mean likelihood of the *others* over that of one."""
    top = max(logs[each] for each in others)
    mean = fsum(exp(logs[each] - top) for each in others) / len(others)
    return top + log(mean) - logs[against]
