"""Evidence of a regression that begins late. Pure.

A bet that began with the first block has lost most of its stake by the time a canary
that was good for twenty minutes goes bad. Here a part ``g_s`` of the stake is kept for
a bet that begins with block ``s``, for every ``s``::

    E_t = sum over s <= t of  g_s e_s e_(s+1) ... e_t  +  sum over s > t of  g_s
    g_s = 1 / (s (s + 1))

with ``e`` the e-value of a block for one assumed ratio; that of a series of blocks is
the mean over the ratios. All bets of one ratio together take one number of state, since
``R_t = e_t (R_(t-1) + g_t)``, and what is kept for later is ``1 / (t + 1)``.

Why valid: given the past the mean of ``e_t`` is at most 1, so that of ``E_t`` is at
most ``R_(t-1) + g_t + 1 / (t + 1) = E_(t-1)``, and ``E_0 = 1``: an e-process like
each of its parts, so a good canary's ever exceeds ``1 / alpha`` with probability at
most ``alpha`` (Ville). That holds for any ``g`` of sum 1; this one knows no scale, so
it suits blocks of a second and of an hour.

Price: half of the stake is on the first block, so a regression that is there from the
start takes ``ln 2`` nats more evidence, at most; one that begins with block ``s`` takes
at most ``ln s (s + 1)`` more than if nothing had gone before (6.0 for 20), however good
the canary was until then. Without restarts it takes whatever the good blocks lost.

Source:
    A. N. Shiryaev (1963), S. W. Roberts (1966), for the recursion.
"""

from dataclasses import dataclass
from math import exp, fsum, inf, log, log1p
from typing import Self


@dataclass(frozen=True, slots=True)
class Restarts:
    """The evidence of all bets, whenever they began.

    Attributes:
        logs: log of ``R_t`` per assumed ratio; ``-inf`` before the first block.
        blocks: how many there were that carried evidence.
    """

    logs: tuple[float, ...]
    blocks: int = 0

    @classmethod
    def begin(cls, ratios: int) -> Self:
        """Without any block, for so many assumed ratios, at least one."""
        return cls((-inf,) * ratios)

    def add(self, evidence: tuple[float, ...]) -> Self:
        """What is known after one more block.

        Args:
            evidence: log of the block's e-value per ratio, finite. One that is 0 for
                all of them is no block: no bet begins with it.
        """
        if not any(evidence):
            return self
        begun = self.blocks + 1
        stake = -log(begun) - log1p(begun)
        return type(self)(
            tuple(
                log_e + _log_sum(log_r, stake)
                for log_e, log_r in zip(evidence, self.logs, strict=True)
            ),
            begun,
        )

    @property
    def nats(self) -> float:
        """The log of the e-value, finite; 0 before the first block."""
        kept = -log1p(self.blocks)
        top = max(*self.logs, kept)
        bets = fsum(exp(each - top) for each in self.logs) / len(self.logs)
        return top + log(bets + exp(kept - top))


def _log_sum(one: float, other: float) -> float:
    """The log of the sum of two numbers whose logs are given, the second finite."""
    high, low = max(one, other), min(one, other)
    return high + log1p(exp(low - high))
