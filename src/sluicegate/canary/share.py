"""Evidence that requests do not go where the weights send them.

Pure. A canary that gets far more or far less than its weight is judged by other traffic
than was meant: the proxy did not take the weight, requests are counted for the wrong
release, sessions stick. That is no fault of the release, so it neither aborts nor
promotes it; it has to be put right.

The evidence is an e-process against "in every block each request reaches the canary
with a chance within `TOLERANCE` of its weight ``w``", whatever it was before: *ever*
exceeds ``1 / CHANCE`` with probability at most `CHANCE`. Per block, with ``x`` of ``n``
requests the canary's, for assumed odds of ``g`` times those at the bound ``q`` of the
tolerance::

    e(g) = g^x / (1 + q (g - 1))^n,    q = 0.8 w for g < 1,  1.2 w for g > 1

and the e-value of a series of blocks is the mean over `ODDS` of the products.

Why valid: ``E[g^x] <= (1 + q (g - 1))^n`` for requests with chances of at most ``q``
(``g > 1``) or at least ``q`` (``g < 1``), given those before. Cut off above, an e-value
still is one.

Traps:
    A proxy that deals requests out in turn (weighted round robin) varies less than
    chance does, which only makes the evidence smaller.
    What was routed before a change of weight may be counted after it, so the first
    block at a weight is left out, and no block gains more than a quarter of what it
    takes: four must agree.
    Sticky sessions follow the weight of when they began; do not check them.
"""

from dataclasses import dataclass, replace
from math import log, log1p

from sluicegate.canary.abort import log_mixture
from sluicegate.canary.micronats import threshold, to_micronats
from sluicegate.canary.writing import format_count, format_digits, format_share
from sluicegate.model.traffic import Block

CHANCE = 0.001
"""Chance ever to find fault with good routing."""

TOLERANCE = 0.2
"""Relative deviation of the canary's share from its weight that is no fault."""

ODDS = (1 / 30, 1 / 5, 1 / 2, 1 / 1.5, 1.5, 2.0, 5.0, 30.0)
"""Odds that are tested at once, in proportion to those at the bound of tolerance."""

_MOST_PER_BLOCK = -log(CHANCE) / 4
_ALL = 100  # percent


@dataclass(frozen=True, slots=True)
class ShareEvidence:
    """What speaks against the routing.

    Attributes:
        logs: log-evidence for each of `ODDS`, in nats.
        peak: the highest log of their mean after any block, in micronats, at least 0.
        percent: the weight of the last block with requests; None before it, and
            after an interruption.
        reached: requests of the canary in all blocks that were judged.
        served: requests of both releases in them.
        meant: ``100 *`` the requests of the canary that were meant by the weights.
    """

    logs: tuple[float, ...] = (0.0,) * len(ODDS)
    peak: int = 0
    percent: int | None = None
    reached: int = 0
    served: int = 0
    meant: int = 0

    def add(self, block: Block, percent: int | None) -> "ShareEvidence":
        """The evidence after one more block.

        Args:
            block: the requests of both releases; one without any changes nothing.
            percent: the canary's weight meanwhile; None if unknown.
        """
        reached = block.canary.total
        served = reached + block.stable.total
        if served == 0 or percent is None or not 0 < percent < _ALL:
            return self
        if percent != self.percent:
            return replace(self, percent=percent)
        logs = tuple(
            before + min(_MOST_PER_BLOCK, log_evidence(reached, served, percent, odds))
            for before, odds in zip(self.logs, ODDS, strict=True)
        )
        return ShareEvidence(
            logs=logs,
            peak=max(self.peak, to_micronats(log_mixture(logs))),
            percent=percent,
            reached=self.reached + reached,
            served=self.served + served,
            meant=self.meant + percent * served,
        )

    def interrupt(self) -> "ShareEvidence":
        """After a block in which others moved the traffic: it says nothing.

        Nor does the next one, since what was routed before may be counted in it.
        """
        return replace(self, percent=None)

    @property
    def has_failed(self) -> bool:
        """Whether there is evidence enough, at any time, that routing is not as set."""
        return self.peak >= threshold(CHANCE)

    def explain(self) -> str:
        """Say how the routing deviates."""
        meant = format_digits(self.meant / self.served)
        seen = format_share(self.reached, self.served)
        return (
            f"invalid routing: {meant} % of the requests were meant for the canary and "
            f"{seen} reached it ({format_count(self.reached)} of "
            f"{format_count(self.served)}), so nothing is promoted; see to the proxy's "
            "weights, or set share_check to false if sessions are sticky"
        )


NO_SHARE = ShareEvidence()
"""Before the first block."""


def log_evidence(reached: int, served: int, percent: int, odds: float) -> float:
    """Log of the e-value of one block for *odds*, in nats.

    Args:
        reached: requests of the canary.
        served: requests of both releases, at least *reached*.
        percent: the canary's weight, in ``(0, 100)``.
        odds: of `ODDS`.
    """
    bound = bounds(percent)[odds > 1]
    return reached * log(odds) - served * log1p(bound * (odds - 1))


def bounds(percent: int) -> tuple[float, float]:
    """The least and the greatest share that are no fault at the weight *percent*.

    Where the greatest would leave nothing for stable, it leaves half of what was meant.
    """
    weight = percent / _ALL
    greatest = min(weight * (1 + TOLERANCE), 1 - (1 - weight) / 2)
    return weight * (1 - TOLERANCE), greatest
