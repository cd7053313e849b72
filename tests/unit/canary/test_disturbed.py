"""Blocks in which others changed what serves: they speak only against the canary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    JudgeState,
    Observation,
    decide,
    observe,
)
from sluicegate.canary.metric import Metric
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

METRICS = (
    Metric("refusals", MetricKind.BERNOULLI),
    Metric("latency", MetricKind.LATENCY, edges=(100, 500), slo=500),
    Metric("tokens", MetricKind.RATE, slack=1.0),
    Metric("memory", MetricKind.GAUGE, slack=1.0, required=False),
    Metric("mix", MetricKind.CATEGORIES, categories=("a", "b"), tolerance=0.2),
)
JUDGE = JudgeSettings(
    alpha=0.01,
    beta=0.05,
    ratio=2.0,
    slack=0.001,
    sigma=0.3,
    min_requests=500,
    min_seconds=120,
    metrics=METRICS,
)
ERRORS = JudgeSettings(alpha=0.01, beta=0.05, ratio=2.0, slack=0.001, sigma=0.3)


@st.composite
def tallies(draw: st.DrawFn, metric: Metric) -> Tally:
    n = draw(st.integers(0, 2000))
    if metric.kind is MetricKind.CATEGORIES:
        first = draw(st.integers(0, n))
        return Tally(n, (first, n - first))
    if metric.kind is MetricKind.LATENCY:
        slow = draw(st.integers(0, n))
        return Tally(n, (slow, draw(st.integers(0, slow))))
    return Tally(n, (draw(st.integers(0, n)),))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    counts = []
    for _ in range(2):
        total = draw(st.integers(0, 2000))
        counts.append(RequestCounts(total, draw(st.integers(0, total))))
    return Observation(
        Block(*counts),
        {m.name: Pair(draw(tallies(m)), draw(tallies(m))) for m in METRICS},
        seconds=draw(st.integers(0, 600)),
        percent=draw(st.sampled_from([None, 5, 50])),
        disturbed=draw(st.booleans()),
    )


@given(st.lists(observations(), min_size=1, max_size=8))
def test_a_disturbed_block_never_speaks_for_a_canary(seen: list[Observation]) -> None:
    state = START
    for each in seen:
        after = observe(JUDGE, state, each)
        if each.disturbed:
            _assert_no_better(state, after)
        state = after


def _assert_no_better(before: JudgeState, after: JudgeState) -> None:
    for metric in after.metrics:
        known = before.of(metric.name)
        assert metric.promote_peak == (0 if known is None else known.promote_peak)
        assert metric.promote_micronats <= (known.promote_micronats if known else 0)
    assert after.seconds == before.seconds
    assert after.share.peak == before.share.peak
    if decide(JUDGE, before) is not CanaryVerdict.PROMOTE:
        assert decide(JUDGE, after) is not CanaryVerdict.PROMOTE


@given(st.lists(observations(), min_size=1, max_size=6))
def test_against_a_canary_it_says_as_much_as_any_other(seen: list[Observation]) -> None:
    """But for what is never asked of it, whether traffic is where it should be."""
    one = other = START
    for each in seen:
        sound = Observation(each.errors, each.metrics, each.seconds, each.percent)
        one, other = observe(JUDGE, one, each), observe(JUDGE, other, sound)
    assert one.fuse == other.fuse
    for metric in one.metrics:
        known = other.of(metric.name)
        assert known is not None
        assert metric.abort_micronats == known.abort_micronats
        assert metric.abort_peak == known.abort_peak


def good(*, disturbed: bool = False) -> Observation:
    block = Block(stable=RequestCounts(1800, 18), canary=RequestCounts(200, 2))
    return Observation(block, {}, 60, 10, disturbed=disturbed)


def after(*blocks: Observation) -> JudgeState:
    state = START
    for each in blocks:
        state = observe(ERRORS, state, each)
    return state


def test_only_undisturbed_requests_and_time_count_for_a_promotion() -> None:
    enough = after(*[good()] * 20)
    assert decide(ERRORS, enough) is CanaryVerdict.PROMOTE
    assert decide(ERRORS, after(*[good(disturbed=True)] * 200)) is CanaryVerdict.HOLD
    both = after(*[good(disturbed=True)] * 200, *[good()] * 20)
    assert decide(ERRORS, both) is CanaryVerdict.PROMOTE
    assert (both.seconds, both.disturbed) == (1200, 40_000)


def test_failures_in_a_disturbed_block_are_not_forgiven() -> None:
    bad = Block(stable=RequestCounts(1800, 18), canary=RequestCounts(200, 12))
    worse = Observation(bad, {}, 60, 10, disturbed=True)
    held = after(*[good()] * 4, worse)
    assert (
        held.metrics[0].promote_micronats
        < after(*[good()] * 4).metrics[0].promote_micronats
    )


@pytest.mark.parametrize("percent", [10, 50])
def test_shares_are_compared_anew_after_a_disturbed_block(percent: int) -> None:
    """Others moved the traffic: the block after it may still hold what they moved."""
    moved = Observation(good().errors, {}, 60, percent, disturbed=True)
    state = after(good(), moved)
    assert state.share.percent is None
    assert after(good(), moved, good()).share.served == state.share.served
