"""Evidence that the canary fails too often, whatever stable does. Pure.

A catastrophic fuse: with stable failing next to never, or serving next to nothing, a
comparison takes its time; a canary that fails every third request need not wait for it.
The evidence is an e-process against "in every block that counts, the canary fails at
most at the rate ``fuse``", however that rate drifts below it. Blocks in which stable
has requests, and fails at half the fuse or more, do not count: what ails both is no
fault of the canary's.

Per block, with ``x`` of the canary's ``n`` requests failed, for an assumed ratio
``psi > 1`` of the odds to fail::

    e(psi) = psi^x / (1 + fuse (psi - 1))^n

which is the likelihood at the odds ``psi fuse / (1 - fuse)`` over that at the fuse. The
e-value of a series of blocks is the mean over `abort.RISK_RATIOS` of the products.

Why valid: ``E[psi^x] <= (1 + p (psi - 1))^n`` for requests that fail at rate ``p`` on
average (inequality of means), which is at most the denominator for ``p <= fuse``.
Which blocks count depends on stable's failures, of which the canary's are independent,
given the rates. Noise between blocks is no matter as long as the rate of each stays
below the fuse.
"""

from dataclasses import dataclass
from math import log, log1p

from sluicegate.canary.abort import RISK_RATIOS, log_mixture
from sluicegate.canary.micronats import threshold, to_micronats
from sluicegate.canary.rules import share_of, weight_of
from sluicegate.canary.settings import JudgeSettings
from sluicegate.model.traffic import Block

NO_EVIDENCE = (0.0,) * len(RISK_RATIOS)
"""Log-evidence per ratio of the odds before the first block. Unit: nats."""


def counts(block: Block, *, fuse: float) -> bool:
    """Whether *block* says something of the canary alone.

    Args:
        block: the requests of both arms.
        fuse: error rate in ``(0, 1)``.
    """
    stable = block.stable
    return stable.total == 0 or stable.failed < fuse / 2 * stable.total


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
