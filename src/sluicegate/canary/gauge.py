"""Evidence by a quantity that is sampled: memory, utilisation, queue length. Pure.

Per block, the means ``c`` of the canary's samples and ``b`` of stable's are compared;
higher is worse. Samples follow each other too closely to be counted as so much
evidence, so a block is one observation however many there are::

    s = (c - h) / (|c| + |h|),  h = b + (e^sigma - 1) |b|      abort
    s = (m - c) / (|m| + |c|),  m = b + (ratio - 1) |b| + slack    promote
    e(lam) = exp(lam s) / cosh(lam s)

The e-value of a series of blocks is the mean over `STEEPNESSES` of the products.

Why valid: if, given how large ``|s|`` is and all the past, ``s`` is positive with
probability at most 1/2, the mean of ``e`` is at most ``(exp + 1 / exp) / 2 / cosh =
1``. That is so wherever the noise of ``ln(c / h)`` is symmetric about 0 or below, with
one peak, since ``s = tanh(ln(c / h) / 2)`` for quantities above 0.

A block carries at most ``ln 2``, so at ``alpha`` 0.01 it takes 7 to abort, at ``beta``
0.05 at least 5 to promote, whatever is seen.

Traps:
    This rests on symmetry of each block's difference *given the blocks before*. Memory
    hardly changes from block to block: whichever of two machines holds 3 % more of it
    goes on to do so, and the tenth block says no more than the first. ``sigma`` is
    therefore a dead band: a canary is held against ``e^sigma`` times stable (1.35 times
    at 0.3), so lasting differences smaller than that never abort. Larger ones between
    machines look the same as ones between releases.
    A gauge that is 0 for both is acceptable only by a slack.
"""

from dataclasses import dataclass, replace
from math import exp, expm1, log, log1p
from operator import add
from typing import Self

from sluicegate.canary import abort
from sluicegate.canary.restarts import Restarts
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally

STEEPNESSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How steeply one bets on a difference; several at once, with equal weight.

No steeper: a difference of one percent, however steady, is then worth 0.02 nats."""

NO_EVIDENCE = (0.0,) * len(STEEPNESSES)
"""Log-evidence by steepness before the first block. Unit: nats."""

_UNIT = 1e-6  # sums are in millionths
_NOTHING = Pair(Tally.nothing(1), Tally.nothing(1))
_NO_RESTARTS = Restarts.begin(len(STEEPNESSES))


@dataclass(frozen=True, slots=True)
class GaugeEvidence:
    """What speaks for and against a canary by the level of a quantity.

    Attributes:
        rules: what is judged by; slack in the unit of the gauge.
        abort: log-evidence by `STEEPNESSES`, in nats.
        promote: log-evidence by `STEEPNESSES`, in nats.
        total: all samples so far.
        late: with `Rules.restarts`, the evidence of bets that began later, too.
    """

    rules: Rules
    abort: tuple[float, ...] = NO_EVIDENCE
    promote: tuple[float, ...] = NO_EVIDENCE
    total: Pair = _NOTHING
    late: Restarts = _NO_RESTARTS

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without samples changes nothing."""
        after = replace(self, total=self.total + block)
        if block.canary.n == 0 or block.stable.n == 0:
            return after
        canary, stable = mean_of(block.canary), mean_of(block.stable)
        worse = _weigh(excess(canary, self.held_against(stable)))
        better = _weigh(excess(self.unacceptable(stable), canary))
        return replace(
            after,
            abort=tuple(map(add, self.abort, worse)),
            late=self.late.add(worse) if self.rules.restarts else self.late,
            promote=tuple(map(add, self.promote, better)),
        )

    def held_against(self, stable: float) -> float:
        """The level beyond which a canary counts as worse than *stable*."""
        return stable + expm1(self.rules.sigma or 0.0) * abs(stable)

    def unacceptable(self, stable: float) -> float:
        """The level from which a canary is unacceptable beside *stable*."""
        return stable + (self.rules.ratio - 1) * abs(stable) + self.rules.slack

    def no_better(self, before: Self) -> Self:
        """The same, with no more evidence for a promotion than *before* had."""
        return replace(self, promote=tuple(map(min, self.promote, before.promote)))

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the canary's level is higher."""
        if self.rules.restarts:
            return self.late.nats
        return abort.log_mixture(self.abort)

    @property
    def promote_nats(self) -> float:
        """Log-evidence that the canary's level is acceptable."""
        return abort.log_mixture(self.promote)


def mean_of(tally: Tally) -> float:
    """The mean of at least one sample, in the gauge's unit."""
    return tally.x[0] / tally.n * _UNIT


def excess(high: float, low: float) -> float:
    """By how much *high* is higher, relative to both; in ``[-1, 1]``."""
    size = abs(high) + abs(low)
    return (high - low) / size if size > 0 else 0.0


def log_evidence(excess: float, steepness: float) -> float:
    """Log of the e-value of one block, in nats; at most ``ln 2``."""
    bet = steepness * excess
    return bet - abs(bet) - log1p(exp(-2 * abs(bet))) + log(2)


def _weigh(excess: float) -> tuple[float, ...]:
    return tuple(log_evidence(excess, steepness) for steepness in STEEPNESSES)
