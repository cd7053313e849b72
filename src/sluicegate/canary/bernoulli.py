"""Evidence by requests each of which failed or not. Pure.

See `sluicegate.canary.abort`, `sluicegate.canary.promote`, and for regressions that
begin late `sluicegate.canary.restarts`.
"""

from dataclasses import dataclass, replace
from operator import add
from typing import Self

from sluicegate.canary import abort, promote
from sluicegate.canary.restarts import Restarts
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

_NO_RESTARTS = Restarts.begin(len(abort.RISK_RATIOS))


@dataclass(frozen=True, slots=True)
class BernoulliEvidence:
    """What speaks for and against a canary by the requests that failed.

    Attributes:
        rules: what is judged by.
        abort: log-evidence per risk ratio of `abort.RISK_RATIOS`, in nats.
        promote: log-evidence of the two bets of `promote.bets`, in nats.
        stable: all requests of stable so far.
        canary: all requests of the canary so far.
        calm: those of stable outside of blocks that look like an outage.
        late: with `Rules.restarts`, the evidence of bets that began later, too.
    """

    rules: Rules
    abort: tuple[float, ...] = abort.NO_EVIDENCE
    promote: tuple[float, ...] = promote.NO_EVIDENCE
    stable: RequestCounts = NO_REQUESTS
    canary: RequestCounts = NO_REQUESTS
    calm: RequestCounts = NO_REQUESTS
    late: Restarts = _NO_RESTARTS

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without requests changes nothing."""
        seen = Block(stable=counts_of(block.stable), canary=counts_of(block.canary))
        outage = promote.is_outage(seen.stable, self.calm)
        worse = abort.add_block(abort.NO_EVIDENCE, seen, sigma=self.rules.sigma)
        return replace(
            self,
            abort=tuple(map(add, self.abort, worse)),
            late=self.late.add(worse) if self.rules.restarts else self.late,
            promote=promote.add_block(
                self.promote,
                seen,
                past=self.stable + self.canary,
                margin=self.rules.margin,
                beta=self.rules.beta,
                sigma=self.rules.sigma,
                is_outage=outage,
            ),
            calm=self.calm if outage else self.calm + seen.stable,
            stable=self.stable + seen.stable,
            canary=self.canary + seen.canary,
        )

    @property
    def total(self) -> Pair:
        """The requests of all blocks."""
        return Pair(stable=tally_of(self.stable), canary=tally_of(self.canary))

    def no_better(self, before: Self) -> Self:
        """The same, with no more evidence for a promotion than *before* had."""
        return replace(self, promote=tuple(map(min, self.promote, before.promote)))

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the canary fails more often."""
        if self.rules.restarts:
            return self.late.nats
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
