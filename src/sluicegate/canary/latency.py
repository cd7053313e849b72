"""Evidence by how many requests take longer than each of several edges. Pure.

For every edge, whether a request is slower than it is a request that failed or not
(`sluicegate.canary.bernoulli`). The e-value against "no slower" is the weighted mean of
those of the edges: a mean of e-values is one however they depend on each other, so
there is no price for many edges but their share. The edge of the service-level
objective has half of the weight. A shift of all requests shows at the low edges, a
longer tail at the high ones.

Promotion looks at the objective alone: requests slower than it must not be unacceptably
more (`Rules.ratio`, `Rules.slack`, as for failed requests). Without an objective that
is the highest edge, which says the least: name one.

Only numbers of requests between edges are used, no quantile is estimated. Requests that
take as long as an edge are not slower than it.
"""

from dataclasses import dataclass, replace
from math import exp, fsum, log
from typing import Self

from sluicegate.canary.bernoulli import BernoulliEvidence
from sluicegate.canary.metric import Metric
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.traffic import RequestCounts


@dataclass(frozen=True, slots=True)
class LatencyEvidence:
    """What speaks for and against a canary by the time its requests take.

    Attributes:
        edges: the evidence by each edge, edges rising.
        weights: of the edges, in sum 1.
        objective: the index of the edge that must be acceptable.
    """

    edges: tuple[BernoulliEvidence, ...]
    weights: tuple[float, ...]
    objective: int

    @classmethod
    def begin(cls, metric: Metric, rules: Rules) -> Self:
        """Without any block. *metric* has at least one edge."""
        objective = objective_of(metric)
        return cls(
            edges=tuple(BernoulliEvidence(rules) for _ in metric.edges),
            weights=weigh(
                len(metric.edges), objective=None if metric.slo is None else objective
            ),
            objective=objective,
        )

    def add(self, block: Pair) -> Self:
        """The evidence after one more block; one without requests changes nothing."""
        return replace(
            self,
            edges=tuple(
                edge.add(slower_than(block, index))
                for index, edge in enumerate(self.edges)
            ),
        )

    def no_better(self, before: Self) -> Self:
        """The same, with no more evidence for a promotion than *before* had."""
        edges = zip(self.edges, before.edges, strict=True)
        return replace(self, edges=tuple(edge.no_better(old) for edge, old in edges))

    @property
    def total(self) -> Pair:
        """The requests of all blocks, and how many were slower than each edge."""
        totals = [edge.total for edge in self.edges]
        return Pair(
            stable=_join([each.stable for each in totals]),
            canary=_join([each.canary for each in totals]),
        )

    @property
    def abort_nats(self) -> float:
        """Log-evidence that the canary is slower."""
        evidence = [edge.abort_nats for edge in self.edges]
        top = max(evidence)
        return top + log(
            fsum(
                weight * exp(each - top)
                for weight, each in zip(self.weights, evidence, strict=True)
            )
        )

    @property
    def promote_nats(self) -> float:
        """Log-evidence that the canary misses the objective acceptably often."""
        return self.edges[self.objective].promote_nats


def objective_of(metric: Metric) -> int:
    """The index of the edge that must be acceptable: the objective, or the highest."""
    if metric.slo is None:
        return len(metric.edges) - 1
    return metric.edges.index(metric.slo)


def slow_of(metric: Metric, tally: Tally) -> RequestCounts:
    """The requests of *tally*, those that miss the objective of *metric* failed."""
    return RequestCounts(tally.n, tally.x[objective_of(metric)])


def weigh(edges: int, *, objective: int | None) -> tuple[float, ...]:
    """The weights of so many *edges*: half for the *objective*, equal for the rest."""
    if objective is None or edges == 1:
        return (1 / edges,) * edges
    rest = 0.5 / (edges - 1)
    return tuple(0.5 if index == objective else rest for index in range(edges))


def slower_than(block: Pair, index: int) -> Pair:
    """The requests of *block*, those slower than the edge of that *index* failed."""
    return Pair(
        stable=Tally(block.stable.n, (block.stable.x[index],)),
        canary=Tally(block.canary.n, (block.canary.x[index],)),
    )


def _join(tallies: list[Tally]) -> Tally:
    return Tally(tallies[0].n, tuple(tally.x[0] for tally in tallies))
