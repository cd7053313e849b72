"""Evidence by events of which there may be more than requests: restarts, tokens. Pure.

Events come at a *rate* by exposure, whatever that is counted in: replica-seconds,
requests. The numbers of events are Poisson; rates may drift within and between blocks.

Abort is `sluicegate.canary.abort` with the canary's share of the exposure in place of
its share of the requests. Given how many events there were in all, those of the canary
are binomial, not hypergeometric, which makes the form without noise exact.

Promote is that of `sluicegate.canary.promote` for Poisson events. Unacceptable is
``l_c >= ratio * l_s + slack``, in events by exposure; one bets on ``t_c = t_s = t``,
the rate of the past blocks and half of it::

    e = prod over both arms of  (t / q)^x exp(-(t - q) n)
    q = argmin on q_c = ratio q_s + slack  of  D = n_c d(t, q_c) + n_s d(t, q_s)
    d(t, q) = t ln(t / q) - t + q

Why valid: ``E[a^X] = exp(m (a - 1))`` for X Poisson of mean m, so with true rates l::

    ln E[e] = sum of n (l (t / q - 1) - (t - q)) = sum of n (l - q) (t / q - 1)

which is ``-grad D(q) . (l - q)``. ``D`` is convex and ``q`` minimises it over the
convex set of all unacceptable pairs, so that is at most 0 on all of it (Karush, Kuhn
and Tucker); rates that drift enter by their mean over the block. On the line, ``q_s``
is the positive root of a quadratic equation, given in closed form.

Noise of ``sigma`` in the log ratio per block is allowed for as there, by a power below
1 (`sluicegate.canary.noise`), which here is exact: the log of the mean of an arm's
``e^power`` is linear in its rate.

Traps:
    Events that come in bunches are not Poisson: the tokens of one request come
    together, and vary by hundreds from one request to the next. Then the noise per
    block is about the coefficient of variation of one request's tokens times
    ``sqrt(1 / n_c + 1 / n_s)``, and ``sigma`` must be no less: with 0.3 and a variation
    of 1, blocks need some dozen canary requests.
    Without a slack, two arms without any event are no evidence of anything.
"""

from dataclasses import dataclass, replace
from math import expm1, fsum, log, sqrt
from operator import add
from typing import Self

from sluicegate.canary import abort
from sluicegate.canary.noise import temper
from sluicegate.canary.promote import MOST_PER_BLOCK, NO_EVIDENCE
from sluicegate.canary.restarts import Restarts
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally

_NOTHING = Pair(Tally.nothing(1), Tally.nothing(1))
_NO_RESTARTS = Restarts.begin(len(abort.RISK_RATIOS))


@dataclass(frozen=True, slots=True)
class RateEvidence:
    """What speaks for and against a canary by the rate of its events.

    Attributes:
        rules: what is judged by; slack in events by exposure.
        abort: log-evidence per ratio of `abort.RISK_RATIOS`, in nats.
        promote: log-evidence of the two bets, in nats.
        total: all events and all exposure so far.
        late: with `Rules.restarts`, the evidence of bets that began later, too.
    """

    rules: Rules
    abort: tuple[float, ...] = abort.NO_EVIDENCE
    promote: tuple[float, ...] = NO_EVIDENCE
    total: Pair = _NOTHING
    late: Restarts = _NO_RESTARTS

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without exposure changes nothing."""
        most = -log(self.rules.beta) * MOST_PER_BLOCK
        worse = tuple(
            abort_evidence(block, ratio, sigma=self.rules.sigma)
            for ratio in abort.RISK_RATIOS
        )
        return replace(
            self,
            abort=tuple(map(add, self.abort, worse)),
            late=self.late.add(worse) if self.rules.restarts else self.late,
            promote=tuple(
                before
                + min(
                    most,
                    promote_evidence(block, bet, past=self.total, rules=self.rules),
                )
                for before, bet in zip(self.promote, bets(self.total), strict=True)
            ),
            total=self.total + block,
        )

    def no_better(self, before: Self) -> Self:
        """The same, with no more evidence for a promotion than *before* had."""
        return replace(self, promote=tuple(map(min, self.promote, before.promote)))

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the canary has more events."""
        if self.rules.restarts:
            return self.late.nats
        return abort.log_mixture(self.abort)

    @property
    def promote_nats(self) -> float:
        """Log-evidence that the canary's rate is acceptable."""
        return abort.log_mixture(self.promote)


def bets(past: Pair) -> tuple[float, float]:
    """The two rates to bet on after *past*; zeros, which are no bets, without any.

    Half an event is added, since at rate 0 the first one would lose the whole bet.
    """
    exposure = past.stable.n + past.canary.n
    if exposure == 0:
        return 0.0, 0.0
    rate = (past.stable.x[0] + past.canary.x[0] + 0.5) / exposure
    return rate, rate / 2


def abort_evidence(block: Pair, ratio: float, *, sigma: float | None) -> float:
    """Log of a block's e-value against "no more events", for one *ratio*, in nats."""
    return abort.log_split(
        (block.canary.x[0], block.stable.x[0]),
        (block.canary.n, block.stable.n),
        ratio,
        sigma=sigma,
    )


def promote_evidence(block: Pair, bet: float, *, past: Pair, rules: Rules) -> float:
    """Log of a block's e-value against "unacceptably many events", in nats.

    Zero when one arm has no exposure, or without a bet.

    Args:
        block: events and exposure of both arms.
        bet: the rate bet on, chosen without a look at this block; 0 for no bet.
        past: all events and exposure of both arms *before* this block.
        rules: ratio, slack and sigma.
    """
    canary, stable = block.canary, block.stable
    if canary.n == 0 or stable.n == 0 or bet == 0:
        return 0.0
    worst_c, worst_s = hardest_rates(
        bet, canary=canary.n, stable=stable.n, ratio=rules.ratio, slack=rules.slack
    )
    evidence = fsum(
        tally.x[0] * log(bet / worst) - (bet - worst) * tally.n
        for tally, worst in ((canary, worst_c), (stable, worst_s))
    )
    if rules.sigma is None:
        return evidence
    feared = rates_at(
        bets(past)[0], canary.n / (canary.n + stable.n), rules.ratio, rules.slack
    )
    return evidence * temper(
        Bet(canary.n, bet, worst_c, max(worst_c, feared[0])),
        Bet(stable.n, bet, worst_s, max(worst_s, feared[1])),
        sigma=rules.sigma,
    )


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet on one arm during one block.

    Attributes:
        exposure: above 0.
        rate: the rate bet on, above 0.
        worst: the unacceptable rate bet against, above 0.
        feared: the mean rate at which noise must do no harm.
    """

    exposure: float
    rate: float
    worst: float
    feared: float

    def mean(self, power: float) -> tuple[float, float]:
        """The log of the mean of ``e^power``, and its derivative by the log rate."""
        slope = self.exposure * self.feared * expm1(power * log(self.rate / self.worst))
        return slope - power * self.exposure * (self.rate - self.worst), slope


def rates_at(
    rate: float, share: float, ratio: float, slack: float
) -> tuple[float, float]:
    """The rates of canary and stable on the margin that make *rate* together.

    Where none do, the nearest.

    Args:
        rate: of both arms together.
        share: the canary's share of the exposure, in ``(0, 1)``.
        ratio: at least 1.
        slack: at least 0.
    """
    stable = max(0.0, (rate - share * slack) / (1 + share * (ratio - 1)))
    return ratio * stable + slack, stable


def hardest_rates(
    bet: float, *, canary: float, stable: float, ratio: float, slack: float
) -> tuple[float, float]:
    """The unacceptable rates of canary and stable hardest to tell from *bet* in both.

    Args:
        bet: a rate above 0, in events by exposure.
        canary: exposure of the canary, above 0.
        stable: exposure of stable, above 0.
        ratio: at least 1.
        slack: at least 0; above 0 if ratio is 1.
    """
    # a q^2 + b q = c, with a and c not negative
    a = ratio * (canary * ratio + stable)
    b = canary * ratio * (slack - bet) + stable * (slack - ratio * bet)
    c = stable * bet * slack
    root = sqrt(b * b + 4 * a * c)
    q = 2 * c / (b + root) if b > 0 else (root - b) / (2 * a)
    return ratio * q + slack, q
