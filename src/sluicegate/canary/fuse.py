"""Evidence that the canary fails too often, by itself. Pure.

A catastrophic fuse: where machines differ much for no reason (a large ``sigma``), a
comparison takes its time; a canary that fails every third request need not wait. The
evidence is an e-process against "in every block that counts, the canary fails at most
at the rate ``fuse``", however that rate drifts below it.

What ails both releases is no fault of the canary's. So a block counts only if stable's
own requests in it show that stable is healthy: with ``k`` of its ``n`` failed,

    k / n < fuse / 2   and   n KL(k / n, fuse) >= ln(1000),

where ``KL(q, p)`` is the divergence of two Bernoulli distributions, in nats. By
Chernoff's bound ``P(X <= k) <= exp(-n KL(k / n, p))`` for ``X`` of ``n`` failures at a
rate ``p > k / n``, and the ``k`` that count are all those up to some largest one: so a
block in which stable fails at the fuse or more counts with a chance of at most 1 in
1000, however few its requests are. Without a failure it takes 20 of stable's requests
for a fuse of 0.3. A block in which stable served fewer, or nothing at all, does not
count: nothing tells then what ails the canary from what ails everything.

Per block, with ``x`` of the canary's ``n`` requests failed, for an assumed ratio
``psi > 1`` of the odds to fail::

    e(psi) = psi^x / (1 + fuse (psi - 1))^n

which is the likelihood at the odds ``psi fuse / (1 - fuse)`` over that at the fuse. The
e-value of a series of blocks is the mean over `abort.RISK_RATIOS` of the products.

Why valid: ``E[psi^x] <= (1 + p (psi - 1))^n`` for requests that fail at rate ``p`` on
average (inequality of means), which is at most the denominator for ``p <= fuse``.
Which blocks count depends on stable's numbers alone, of which the canary's failures are
independent, given the rates and the requests. Noise between blocks is no matter as
long as the rate of each stays below the fuse.
"""

from dataclasses import dataclass
from math import log, log1p
from typing import Final

from sluicegate.canary.abort import RISK_RATIOS, log_mixture
from sluicegate.canary.micronats import threshold, to_micronats
from sluicegate.canary.rules import share_of, weight_of
from sluicegate.canary.settings import JudgeSettings
from sluicegate.model.traffic import Block

NO_EVIDENCE = (0.0,) * len(RISK_RATIOS)
"""Log-evidence per ratio of the odds before the first block. Unit: nats."""


MIXED_UP: Final = 0.001
"""The most likely that a block counts in which stable fails at the fuse or more."""


def counts(block: Block, *, fuse: float) -> bool:
    """Whether *block* says something of the canary alone: stable is seen to be healthy.

    Args:
        block: the requests of both arms.
        fuse: error rate in ``(0, 1)``.

    Source:
        W. Hoeffding, "Probability Inequalities for Sums of Bounded Random Variables",
        Journal of the American Statistical Association 58 (1963), 13-30, theorem 1,
        equation 2.1.
    """
    total, failed = block.stable.total, block.stable.failed
    if not failed < fuse / 2 * total:
        return False
    passed = total - failed
    nats = passed * log(passed / total) - passed * log1p(-fuse)
    if failed:
        nats += failed * log(failed / (total * fuse))
    return nats >= -log(MIXED_UP)


def add_block(
    evidence: tuple[float, ...], block: Block, *, fuse: float
) -> tuple[float, ...]:
    """Add a block's log-evidence to that of the blocks before it.

    See `abort.log_mixture` for the log of the mean of the e-values.

    Args:
        evidence: log-evidence per ratio of the odds, in nats, shape ``(6,)``.
        block: the requests of both arms between the same two scrapes.
        fuse: error rate, in ``(0, 1)``, that the canary may not exceed.
    """
    if not counts(block, fuse=fuse):
        return evidence
    canary = block.canary
    return tuple(
        before + canary.failed * log(ratio) - canary.total * log1p(fuse * (ratio - 1))
        for before, ratio in zip(evidence, RISK_RATIOS, strict=True)
    )


@dataclass(frozen=True, slots=True)
class FuseEvidence:
    """Whether the fuse has blown.

    Attributes:
        logs: log-evidence per ratio of the odds, in nats.
        peak: the highest log-evidence after any block, in micronats.
    """

    logs: tuple[float, ...] = NO_EVIDENCE
    peak: int = 0

    def add(self, settings: JudgeSettings, block: Block) -> "FuseEvidence":
        """The evidence after one more block; nothing changes without a fuse."""
        if settings.fuse is None:
            return self
        logs = add_block(self.logs, block, fuse=settings.fuse)
        return FuseEvidence(logs, max(self.peak, to_micronats(log_mixture(logs))))

    def has_blown(self, settings: JudgeSettings) -> bool:
        """Whether there is evidence enough, by its share of alpha, at any time."""
        return settings.fuse is not None and self.peak >= needed(settings)


INTACT = FuseEvidence()
"""Before the first block."""


def needed(settings: JudgeSettings) -> int:
    """The log-evidence that blows the fuse, in micronats: that of a metric of weight 1.

    For settings with a fuse.
    """
    total = sum(map(weight_of, settings.judged)) + 1
    return threshold(share_of(settings.alpha, 1, total))
