"""What a block shows of every metric."""

from itertools import accumulate

import pytest
from fakes import START
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.metric import Metric
from sluicegate.engine.rollout_metrics import (
    blocks_of,
    check_totals,
    find_fault,
    passed,
    read_slower,
    totals_told,
)
from sluicegate.errors import UsageError
from sluicegate.model.event import MetricTotal
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import Scrape, Slower
from sluicegate.model.traffic import RequestCounts

REFUSALS = Metric("refusals", MetricKind.BERNOULLI)
MEMORY = Metric("memory", MetricKind.GAUGE)
SLOW = Metric("slow", MetricKind.LATENCY, edges=(100, 500))
TOKENS = Metric("tokens", MetricKind.RATE)
MIX = Metric("mix", MetricKind.CATEGORIES, categories=("a", "b", "c"))
ALL = (REFUSALS, MEMORY, SLOW, TOKENS, MIX)


def both(n: int, *x: int) -> Pair:
    return Pair(Tally(n, x), Tally(n, x))


def test_a_block_shows_what_was_counted_since_the_mark() -> None:
    shown = passed(REFUSALS, both(100, 3), Pair(Tally(150, (4,)), Tally(101, (3,))))
    assert shown == Pair(Tally(50, (1,)), Tally(1, (0,)))


def test_of_a_release_that_began_again_all_is_counted_and_of_the_other_the_rest() -> (
    None
):
    shown = passed(REFUSALS, both(100, 3), Pair(Tally(150, (4,)), Tally(20, (1,))))
    assert shown == Pair(Tally(50, (1,)), Tally(20, (1,)))


def test_one_number_that_went_backwards_means_that_all_of_them_began_again() -> None:
    assert passed(MIX, both(10, 5, 5, 0), both(12, 4, 8, 0)) == both(12, 4, 8, 0)
    assert passed(SLOW, both(10, 5, 2), both(20, 4, 4)) == both(20, 4, 4)


def test_the_sum_of_a_gauge_may_fall_but_its_samples_may_not() -> None:
    assert passed(MEMORY, both(10, 500), both(12, 400)) == both(2, -100)
    assert passed(MEMORY, both(10, 500), both(3, 200)) == both(3, 200)


def test_a_gauge_without_another_sample_shows_nothing() -> None:
    assert passed(MEMORY, both(10, 500), both(10, 700)) == both(0, 0)


def test_a_metric_without_a_mark_shows_nothing_yet_and_an_absent_one_is_absent() -> (
    None
):
    totals = {"mix": both(9, 3, 3, 3), "refusals": both(5, 1), "foreign": both(1, 1)}
    marks = {"refusals": both(2, 0)}
    shown = blocks_of(ALL, marks, totals)
    assert shown == {"refusals": both(3, 1), "mix": both(0, 0, 0, 0)}
    assert list(shown) == ["refusals", "mix"]


@pytest.mark.parametrize(
    ("metric", "totals"),
    [
        (REFUSALS, both(5, 6)),
        (REFUSALS, both(-1, 0)),
        (REFUSALS, both(5, 1, 1)),
        (SLOW, both(5, 1, 2)),
        (SLOW, both(5, 6, 2)),
        (MIX, both(5, 1, 2, 1)),
        (TOKENS, both(5, -1)),
        (TOKENS, both(5, 2**53)),
        (MEMORY, both(2**53, 0)),
        (MEMORY, both(5, -(2**53))),
    ],
)
def test_numbers_that_cannot_be_are_not_counted_with(
    metric: Metric, totals: Pair
) -> None:
    with pytest.raises(UsageError):
        check_totals(metric, totals)
    assert find_fault([metric], totals_told({metric.name: totals})) is not None


counts = st.integers(0, 10**6)
numbers = {
    "refusals": st.tuples(counts, counts).map(lambda c: Tally(sum(c), (c[0],))),
    "memory": st.tuples(counts, st.integers(-(10**9), 10**9)).map(
        lambda c: Tally(c[0], (c[1],))
    ),
    "slow": st.tuples(counts, counts, counts).map(
        lambda c: Tally(sum(c), tuple(accumulate(c[:2]))[::-1])
    ),
    "tokens": st.tuples(counts, counts).map(lambda c: Tally(c[0], (c[1],))),
    "mix": st.tuples(counts, counts, counts).map(lambda c: Tally(sum(c), c)),
}


@given(
    readings=st.sampled_from(ALL).flatmap(
        lambda metric: st.tuples(
            st.just(metric),
            st.builds(Pair, numbers[metric.name], numbers[metric.name]),
            st.builds(Pair, numbers[metric.name], numbers[metric.name]),
        )
    )
)
def test_whatever_was_read_what_a_block_shows_can_be(
    readings: tuple[Metric, Pair, Pair],
) -> None:
    metric, before, now = readings
    check_totals(metric, passed(metric, before, now))


def test_a_latency_is_read_from_the_edges_that_the_target_counts_by() -> None:
    scrape = Scrape(
        START,
        RequestCounts(100, 1),
        RequestCounts(50, 1),
        (Slower(50, 70, 30), Slower(100, 20, 10), Slower(500, 2, 1)),
    )
    assert read_slower(SLOW, scrape) == Pair(Tally(100, (20, 2)), Tally(50, (10, 1)))


def test_an_edge_that_the_target_does_not_count_by_is_named() -> None:
    scrape = Scrape(
        START, RequestCounts(1, 0), RequestCounts(1, 0), (Slower(100, 1, 0),)
    )
    with pytest.raises(UsageError, match="by 500 ms; its edges: 100 ms"):
        read_slower(SLOW, scrape)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["foreign"], "no metric 'foreign'"),
        (["refusals", "refusals"], "each once"),
        (["tokens", "refusals"], "in order"),
    ],
)
def test_what_an_event_tells_are_metrics_of_the_plan_once_and_in_order(
    names: list[str], why: str
) -> None:
    told = [MetricTotal(name, Tally(1, (1,)), Tally(1, (1,))) for name in names]
    assert why in (find_fault(ALL, told) or "")
