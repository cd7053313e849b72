"""Evidence by requests each of which failed or not. Pure.

See `sluicegate.canary.abort` and `sluicegate.canary.promote`.
"""

from dataclasses import dataclass, replace
from typing import Self

from sluicegate.canary import abort, promote
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts


@dataclass(frozen=True, slots=True)
class BernoulliEvidence:
    """What speaks for and against a canary by the requests that failed.

    Attributes:
        rules: what is judged by.
        abort: log-evidence per risk ratio of `abort.RISK_RATIOS`, in nats.
        promote: log-evidence of the two bets of `promote.bets`, in nats.
        stable: all requests of stable so far.
        canary: all requests of the canary so far.
    """

    rules: Rules
    abort: tuple[float, ...] = abort.NO_EVIDENCE
    promote: tuple[float, ...] = promote.NO_EVIDENCE
    stable: RequestCounts = NO_REQUESTS
    canary: RequestCounts = NO_REQUESTS

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without requests changes nothing."""
        seen = Block(stable=counts_of(block.stable), canary=counts_of(block.canary))
        return replace(
            self,
            abort=abort.add_block(self.abort, seen, sigma=self.rules.sigma),
            promote=promote.add_block(
                self.promote,
                seen,
                past=self.stable + self.canary,
                margin=self.rules.margin,
                beta=self.rules.beta,
                sigma=self.rules.sigma,
            ),
            stable=self.stable + seen.stable,
            canary=self.canary + seen.canary,
        )

    @property
    def total(self) -> Pair:
        """The requests of all blocks."""
        return Pair(stable=tally_of(self.stable), canary=tally_of(self.canary))

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the canary fails more often."""
        return abort.log_mixture(self.abort)

    @property
    def promote_nats(self) -> float:
        """Log-evidence that the canary's error rate is acceptable."""
        return abort.log_mixture(self.promote)


def counts_of(tally: Tally) -> RequestCounts:
    """A tally of kind bernoulli as requests."""
    return RequestCounts(tally.n, tally.x[0])


def tally_of(counts: RequestCounts) -> Tally:
    """Requests as a tally of kind bernoulli."""
    return Tally(counts.total, (counts.failed,))


def pair_of(block: Block) -> Pair:
    """The requests of both releases as a metric."""
    return Pair(stable=tally_of(block.stable), canary=tally_of(block.canary))
