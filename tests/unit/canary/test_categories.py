"""Mixes of categories: exact means over whole sample spaces, laws, simulated arms."""

from collections.abc import Iterator
from itertools import product
from math import exp, factorial, fsum, isfinite, log, prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.categories import CategoriesEvidence, drift_evidence
from sluicegate.canary.evidence import begin
from sluicegate.canary.metric import Evidence, Metric
from sluicegate.canary.rules import Rules
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally

ROUNDING = 1 + 1e-9
Mix = tuple[float, ...]


def metric(width: int, tolerance: float | None) -> Metric:
    return Metric(
        "predictions",
        MetricKind.CATEGORIES,
        categories=tuple(f"class {index}" for index in range(width)),
        tolerance=tolerance,
    )


def pair(canary: tuple[int, ...], stable: tuple[int, ...]) -> Pair:
    return Pair(stable=Tally(sum(stable), stable), canary=Tally(sum(canary), canary))


def splits(requests: int, width: int) -> Iterator[tuple[int, ...]]:
    """All ways to spread *requests* over *width* categories."""
    if width == 1:
        yield (requests,)
        return
    for first in range(requests + 1):
        for rest in splits(requests - first, width - 1):
            yield (first, *rest)


def chance(split: tuple[int, ...], mix: Mix) -> float:
    ways = factorial(sum(split)) / prod(factorial(each) for each in split)
    return ways * prod(p**x for p, x in zip(mix, split, strict=True))


def drawn(random: Random, requests: int, mix: Mix) -> Tally:
    found = random.choices(range(len(mix)), mix, k=requests)
    return Tally(requests, tuple(found.count(each) for each in range(len(mix))))


def distance(one: Mix, other: Mix) -> float:
    return fsum(abs(a - b) for a, b in zip(one, other, strict=True)) / 2


def mean_e_values(
    begun: Evidence, mixes: list[tuple[Mix, Mix]], sizes: tuple[int, int]
) -> tuple[float, float]:
    """Means of both e-values after one block for each of *mixes*, canary's first."""
    if not mixes:
        return exp(begun.abort_nats), exp(begun.promote_nats)
    (canary, stable), *rest = mixes
    aborts, promotes = [], []
    for seen_c, seen_s in product(
        splits(sizes[0], len(canary)), splits(sizes[1], len(stable))
    ):
        weight = chance(seen_c, canary) * chance(seen_s, stable)
        if weight > 0:
            abort, promote = mean_e_values(begun.add(pair(seen_c, seen_s)), rest, sizes)
            aborts.append(weight * abort)
            promotes.append(weight * promote)
    return fsum(aborts), fsum(promotes)


@pytest.mark.parametrize("sigma", [None, 0.3])
@pytest.mark.parametrize(
    "mixes",
    [
        ((0.3, 0.7), (0.3, 0.7), (0.3, 0.7)),
        ((0.05, 0.95), (0.9, 0.1), (0.5, 0.5)),  # both drift together
        ((0.2, 0.3, 0.5), (0.6, 0.4, 0.0)),
    ],
    ids=["the same", "drifting", "of three"],
)
def test_without_a_tolerance_the_mean_of_equal_mixes_is_at_most_one(
    mixes: tuple[Mix, ...], sigma: float | None
) -> None:
    begun = begin(metric(len(mixes[0]), None), Rules(sigma=sigma))
    mean, _ = mean_e_values(begun, [(mix, mix) for mix in mixes], (2, 3))
    assert mean <= ROUNDING


def test_evidence_of_a_drift_is_the_formula() -> None:
    past = pair((3, 1, 0), (2, 2, 4))
    block = pair((1, 1, 1), (0, 2, 1))
    canary = [4 / 7, 2 / 7, 1 / 7]
    stable = [3 / 11, 3 / 11, 5 / 11]
    pooled = [(3 * c + 3 * s) / 6 for c, s in zip(canary, stable, strict=True)]
    expected = prod(
        (c / q) ** x * (s / q) ** y
        for c, s, q, x, y in zip(
            canary, stable, pooled, (1, 1, 1), (0, 2, 1), strict=True
        )
    )
    found = drift_evidence(block, past=past, sigma=None)
    assert exp(found) == pytest.approx(expected)


# Canary's and stable's mixes at most 0.3 apart, and at least so far.
WITHIN = (
    ((0.5, 0.5), (0.5, 0.5)),
    ((0.8, 0.2), (0.5, 0.5)),
    ((0.3, 0.7), (0.0, 1.0)),
    ((0.4, 0.5, 0.1), (0.2, 0.4, 0.4)),
    ((1.0, 0.0, 0.0), (0.7, 0.1, 0.2)),
)
BEYOND = (
    ((0.8, 0.2), (0.5, 0.5)),
    ((0.3, 0.7), (0.0, 1.0)),
    ((0.1, 0.9), (0.9, 0.1)),
    ((0.4, 0.5, 0.1), (0.2, 0.4, 0.4)),
    ((0.35, 0.35, 0.3), (0.2, 0.2, 0.6)),
)


@pytest.mark.parametrize("sigma", [None, 0.3])
@pytest.mark.parametrize("mixes", WITHIN)
def test_within_the_tolerance_the_mean_of_the_evidence_to_abort_is_at_most_one(
    mixes: tuple[Mix, Mix], sigma: float | None
) -> None:
    assert distance(*mixes) <= 0.3 + 1e-9
    begun = begin(metric(len(mixes[0]), 0.3), Rules(sigma=sigma))
    blocks = 3 if len(mixes[0]) == 2 else 2
    mean, _ = mean_e_values(begun, [mixes] * blocks, (1, 3))
    assert mean <= ROUNDING


@pytest.mark.parametrize("sigma", [None, 0.3])
@pytest.mark.parametrize("mixes", BEYOND)
def test_beyond_the_tolerance_the_mean_of_the_evidence_to_promote_is_at_most_one(
    mixes: tuple[Mix, Mix], sigma: float | None
) -> None:
    assert distance(*mixes) >= 0.3 - 1e-9
    begun = begin(metric(len(mixes[0]), 0.3), Rules(sigma=sigma, beta=1e-9))
    blocks = 3 if len(mixes[0]) == 2 else 2
    _, mean = mean_e_values(begun, [mixes] * blocks, (1, 3))
    assert mean <= ROUNDING


def reach(begun: Evidence, canary: Mix, stable: Mix, *, seed: str) -> set[str]:
    """Which verdicts *begun* reaches in 40 blocks of 30 and 270 requests."""
    random, reached = Random(seed), set()
    for _ in range(40):
        begun = begun.add(
            Pair(stable=drawn(random, 270, stable), canary=drawn(random, 30, canary))
        )
        reached |= {"abort"} if begun.abort_nats >= log(100) else set()
        reached |= {"promote"} if begun.promote_nats >= log(20) else set()
    return reached


MANY = (0.02, 0.08, 0.3, 0.1, 0.2, 0.1, 0.15, 0.05)


def test_a_drift_is_found_and_equal_mixes_seldom_warn() -> None:
    begun = begin(metric(8, None), Rules())
    moved = (0.02, 0.08, 0.1, 0.1, 0.4, 0.1, 0.15, 0.05)
    assert reach(begun, moved, MANY, seed="moved") == {"abort"}
    warned = [reach(begun, MANY, MANY, seed=f"same {n}") for n in range(20)]
    assert sum(map(len, warned)) <= 1


@pytest.mark.parametrize("stable", [(0.5, 0.3, 0.1, 0.1), MANY])
def test_with_a_tolerance_equal_mixes_are_promoted_and_far_ones_aborted(
    stable: Mix,
) -> None:
    begun = begin(metric(len(stable), 0.25), Rules())
    assert reach(begun, stable, stable, seed="same") == {"promote"}
    moved = (*(each / 5 for each in stable[1:]), 1 - (1 - stable[0]) / 5)[::-1]
    assert distance(moved, stable) > 0.25
    assert reach(begun, moved, stable, seed="far") == {"abort"}


def test_at_the_tolerance_few_are_promoted_and_few_aborted() -> None:
    begun = begin(metric(3, 0.2), Rules(sigma=None))
    count, found = 30, {"abort": 0, "promote": 0}
    for n in range(count):
        for name in reach(begun, (0.5, 0.3, 0.2), (0.3, 0.3, 0.4), seed=f"at {n}"):
            found[name] += 1
    assert found["abort"] <= 0.01 * count + 3 * (0.0099 * count) ** 0.5
    assert found["promote"] <= 0.05 * count + 3 * (0.0475 * count) ** 0.5


@pytest.mark.parametrize("tolerance", [0.0, 1.0, -0.1, float("nan")])
def test_a_tolerance_is_a_distance_that_mixes_can_have(tolerance: float) -> None:
    with pytest.raises(UsageError, match="tolerance"):
        metric(2, tolerance)


def test_a_block_without_requests_of_one_arm_is_no_evidence() -> None:
    for tolerance in (None, 0.2):
        evidence = begin(metric(2, tolerance), Rules()).add(pair((5, 1), (20, 40)))
        after = evidence.add(pair((0, 0), (20, 1)))
        assert isinstance(evidence, CategoriesEvidence)
        assert isinstance(after, CategoriesEvidence)
        assert (after.abort, after.promote) == (evidence.abort, evidence.promote)
        assert evidence.add(pair((0, 0), (0, 0))) == evidence


@given(
    st.lists(
        st.tuples(*[st.tuples(*[st.integers(0, 10**12)] * 3)] * 2),
        max_size=5,
    ),
    st.none() | st.floats(0.001, 0.999),
)
def test_evidence_is_finite_whatever_was_counted(
    blocks: list[tuple[tuple[int, ...], tuple[int, ...]]], tolerance: float | None
) -> None:
    evidence = begin(metric(3, tolerance), Rules())
    for canary, stable in blocks:
        evidence = evidence.add(pair(canary, stable))
    assert isfinite(evidence.abort_nats)
    assert isfinite(evidence.promote_nats)
