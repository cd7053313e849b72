"""Evidence by the mix of categories: predictions by class, scores by bin. Pure.

A mix that has moved is no harm by itself, so without a tolerance it only warns, and
holds a promotion if the metric is required; with one, which is a total variation
distance ``TV(P_c, P_s)``, it aborts and promotes.

Without a tolerance, `drift_evidence` is the e-process against equal mixes::

    e = prod over categories of  (t_c / q)^c (t_s / q)^s,  q = (n_c t_c + n_s t_s) / N

with the shares ``t_c`` and ``t_s`` that each arm had in the *past* blocks, one added to
each category's count. For any common mix ``p`` the mean is ``A^n_c B^n_s`` with ``A =
sum of p t_c / q`` and ``B`` likewise; by the inequality of means at most ``((n_c A +
n_s B) / N)^N = (sum of p)^N = 1``. The mix may drift from block to block.

With a tolerance, see `sluicegate.canary.variation`: abort is evidence that the distance
is greater, promote that it is smaller.

Noise: ``sigma`` is that of the log odds of a category between the arms, per block. As
for rates, e-values are tempered by it; None if requests are split at random and each
has a prediction of its own.

`Rules.restarts` has no effect here: bets are on the shares of all the past, so it is
not the stake that is late to notice a mix that moves late. A new model has its mix from
the first request on.
"""

from dataclasses import dataclass, replace
from math import fsum, log
from operator import add
from typing import Self

from sluicegate.canary import variation
from sluicegate.canary.metric import Metric
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally


@dataclass(frozen=True, slots=True)
class CategoriesEvidence:
    """What speaks for and against a canary by its mix of categories.

    Attributes:
        rules: what is judged by; neither ratio nor slack have a meaning here.
        tolerance: the distance that is unacceptable, in ``(0, 1)``; None for none.
        abort: log-evidence of a distance beyond the tolerance, or of any at all
            without one. Unit: nats.
        promote: log-evidence, by event of `variation.events`, that it is likelier by
            less than the tolerance allows. Unit: nats. Empty without a tolerance.
        total: all requests so far.
    """

    rules: Rules
    tolerance: float | None
    abort: float
    promote: tuple[float, ...]
    total: Pair

    @classmethod
    def begin(cls, metric: Metric, rules: Rules) -> Self:
        """Without any block. *metric* has at least two categories."""
        events = variation.events(metric.width)
        nothing = Tally.nothing(metric.width)
        return cls(
            rules=rules,
            tolerance=metric.tolerance,
            abort=0.0,
            promote=() if metric.tolerance is None else (0.0,) * len(events),
            total=Pair(nothing, nothing),
        )

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without requests changes nothing."""
        after = replace(self, total=self.total + block)
        past, sigma = self.total, self.rules.sigma
        if block.canary.n == 0 or block.stable.n == 0:
            return after
        within: tuple[float, ...] = ()
        if self.tolerance is None:
            moved = drift_evidence(block, past=past, sigma=sigma)
        else:
            moved = variation.abort_evidence(block, past, self.tolerance, sigma=sigma)
            within = variation.promote_evidence(
                block, past, self.tolerance, sigma=sigma, beta=self.rules.beta
            )
        return replace(
            after,
            abort=self.abort + moved,
            promote=tuple(map(add, self.promote, within)),
        )

    def no_better(self, before: Self) -> Self:
        """The same, with no more evidence for a promotion than *before* had."""
        return replace(self, promote=tuple(map(min, self.promote, before.promote)))

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the mix has moved, beyond the tolerance if there is one."""
        return self.abort

    @property
    def promote_nats(self) -> float:
        """Log-evidence that it is within the tolerance; 0 without one."""
        return min(self.promote, default=0.0)


def drift_evidence(block: Pair, *, past: Pair, sigma: float | None) -> float:
    """Log of a block's e-value against equal mixes, in nats.

    Args:
        block: requests by category of both arms, at least one of each.
        past: those of all blocks before.
        sigma: noise of the log odds per block; None for none.
    """
    canary, stable = block.canary, block.stable
    share = canary.n / (canary.n + stable.n)
    both = list(
        zip(variation.shares(past.canary), variation.shares(past.stable), strict=True)
    )
    pooled = [share * t_c + (1 - share) * t_s for t_c, t_s in both]
    evidence = fsum(
        c * log(t_c / q) + s * log(t_s / q)
        for c, s, (t_c, t_s), q in zip(canary.x, stable.x, both, pooled, strict=True)
    )
    if sigma is None:
        return evidence
    spread = max(q * (1 - q) for q in pooled)
    return evidence / (1 + sigma**2 * spread * canary.n * (1 - share))
