"""Latency: edges, their weights, and what the objective is judged by."""

from itertools import product
from math import comb, exp, fsum, log
from random import Random

import pytest

from sluicegate.canary.bernoulli import BernoulliEvidence
from sluicegate.canary.evidence import begin
from sluicegate.canary.judge import START, JudgeSettings, Observation, assess, observe
from sluicegate.canary.latency import LatencyEvidence, weigh
from sluicegate.canary.metric import Evidence, Metric
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

NOTHING_FAILED = Block(stable=RequestCounts(100, 0), canary=RequestCounts(10, 0))
THREE = Metric("ttft", MetricKind.LATENCY, edges=(100, 500, 1000), slo=500)


def block(canary: tuple[int, ...], stable: tuple[int, ...]) -> Pair:
    """A block from (requests, slower than each edge) of each arm."""
    return Pair(
        stable=Tally(stable[0], stable[1:]), canary=Tally(canary[0], canary[1:])
    )


def tally(random: Random, requests: int, slower: tuple[float, ...]) -> Tally:
    """Requests of which *slower* is the chance to exceed each edge."""
    times = [random.random() for _ in range(requests)]
    return Tally(requests, tuple(sum(time < each for time in times) for each in slower))


@pytest.mark.parametrize(
    ("edges", "objective", "weights"),
    [
        (1, None, (1.0,)),
        (1, 0, (1.0,)),
        (2, 1, (0.5, 0.5)),
        (5, 2, (0.125, 0.125, 0.5, 0.125, 0.125)),
        (4, None, (0.25,) * 4),
    ],
)
def test_the_objective_weighs_as_much_as_all_other_edges(
    edges: int, objective: int | None, weights: tuple[float, ...]
) -> None:
    assert weigh(edges, objective=objective) == weights


def test_one_edge_is_judged_as_failed_requests_are() -> None:
    metric = Metric("latency", MetricKind.LATENCY, edges=(250,))
    latency, errors = begin(metric, Rules()), begin_errors()
    for slow in ((3, 20), (0, 14), (9, 12)):
        each = block((40, slow[0]), (360, slow[1]))
        latency, errors = latency.add(each), errors.add(each)
    assert latency.abort_nats == pytest.approx(errors.abort_nats)
    assert latency.promote_nats == errors.promote_nats
    assert latency.total == errors.total


def begin_errors() -> Evidence:
    return BernoulliEvidence(Rules())


def test_the_mean_over_two_blocks_is_at_most_one_though_edges_hang_together() -> None:
    # One request of each arm: faster than both edges, between them, or slower.
    metric = Metric("latency", MetricKind.LATENCY, edges=(1, 2), slo=2)
    chances = {(0, 0): 0.5, (1, 0): 0.2, (1, 1): 0.3}
    for sizes in ((1, 1), (1, 2)):
        arms = [outcomes(chances, size) for size in sizes]
        mean = fsum(
            chance_c * chance_s * chance_c2 * chance_s2 * exp(evidence)
            for (canary, chance_c), (stable, chance_s) in product(*arms)
            for (canary2, chance_c2), (stable2, chance_s2) in product(*arms)
            for evidence in [
                begin(metric, Rules())
                .add(block((sizes[0], *canary), (sizes[1], *stable)))
                .add(block((sizes[0], *canary2), (sizes[1], *stable2)))
                .abort_nats
            ]
        )
        assert mean <= 1 + 1e-9


def outcomes(
    chances: dict[tuple[int, int], float], size: int
) -> list[tuple[tuple[int, int], float]]:
    """What *size* requests may add up to, and how likely."""
    found = []
    for fast in range(size + 1):
        for between in range(size + 1 - fast):
            slow = size - fast - between
            ways = comb(size, fast) * comb(size - fast, between)
            chance = ways * chances[0, 0] ** fast * chances[1, 0] ** between
            found.append(((between + slow, slow), chance * chances[1, 1] ** slow))
    return found


@pytest.mark.parametrize(
    ("name", "slower"),
    [
        ("a shift shows at the low edge", (0.75, 0.1, 0.01)),
        ("a miss of the objective", (0.5, 0.25, 0.01)),
        ("a tail shows at the high edge", (0.5, 0.1, 0.07)),
    ],
)
def test_whatever_gets_slower_is_aborted(name: str, slower: tuple[float, ...]) -> None:
    random, evidence = Random(name), begin(THREE, Rules(sigma=None))
    for _ in range(40):
        stable = tally(random, 180, (0.5, 0.1, 0.01))
        evidence = evidence.add(Pair(stable=stable, canary=tally(random, 20, slower)))
    assert evidence.abort_nats >= log(100)


def test_promotion_looks_at_the_objective_alone() -> None:
    without = Metric("ttft", MetricKind.LATENCY, edges=(100, 500, 1000))
    random = Random(1)
    slo, highest = begin(THREE, Rules()), begin(without, Rules())
    edges = [begin_errors() for _ in THREE.edges]
    for _ in range(4):
        each = Pair(
            stable=tally(random, 180, (0.5, 0.1, 0.01)),
            canary=tally(random, 20, (0.5, 0.1, 0.01)),
        )
        slo, highest = slo.add(each), highest.add(each)
        edges = [
            edge.add(
                block(
                    (20, each.canary.x[index]),
                    (180, each.stable.x[index]),
                )
            )
            for index, edge in enumerate(edges)
        ]
    assert slo.promote_nats == edges[1].promote_nats
    assert highest.promote_nats == edges[2].promote_nats


def test_good_arms_are_promoted_and_hardly_ever_aborted() -> None:
    random, count, aborted, promoted = Random(3), 30, 0, 0
    slower = (0.4, 0.08, 0.02)
    for _ in range(count):
        evidence, reached = begin(THREE, Rules(sigma=None)), set()
        for _ in range(30):
            evidence = evidence.add(
                Pair(stable=tally(random, 90, slower), canary=tally(random, 10, slower))
            )
            reached |= {"abort"} if evidence.abort_nats >= log(100) else set()
            reached |= {"promote"} if evidence.promote_nats >= log(20) else set()
        aborted += "abort" in reached
        promoted += "promote" in reached
    assert aborted <= 0.01 * count + 3 * (0.0099 * count) ** 0.5
    assert promoted > 0.8 * count


def test_nothing_is_promoted_while_half_of_stables_requests_miss_the_objective() -> (
    None
):
    metric = Metric("latency", MetricKind.LATENCY, edges=(100, 500), slo=100)
    settings = JudgeSettings(metrics=(metric,))
    for slow, void in ((49, False), (50, True), (90, True)):
        state = observe(
            settings,
            START,
            Observation(NOTHING_FAILED, {"latency": block((10, 2, 0), (100, slow, 0))}),
        )
        found = assess(settings, state)
        assert found.metrics["latency"].is_void == void
        assert found.verdict is CanaryVerdict.HOLD


def test_a_block_without_requests_changes_nothing() -> None:
    evidence = begin(THREE, Rules()).add(block((10, 5, 1, 0), (90, 44, 8, 1)))
    assert evidence.add(block((0, 0, 0, 0), (0, 0, 0, 0))) == evidence
    assert isinstance(evidence, LatencyEvidence)
