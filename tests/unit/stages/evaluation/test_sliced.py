"""`sluicegate.stages.evaluation.sliced`: rules over all slices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.stages.evaluation.sliced import (
    Finding,
    Rule,
    conclude_slices,
    judge_slices,
)
from sluicegate.stages.evaluation.slicing import Count

MIN = Rule("min", 0.8)
GAP = Rule("gap", 0.05)
RATIO = Rule("ratio", 0.8)


def judge(rule: Rule, *counts: tuple[int, int], least: int = 1) -> dict[str, Finding]:
    named = {str(at): Count(*each) for at, each in enumerate(counts)}
    whole = Count(sum(k for k, _ in counts), sum(n for _, n in counts))
    return judge_slices(rule, named, whole, confidence=0.95, power=0.8, least=least)


@pytest.mark.parametrize(
    ("rule", "counts", "holds"),
    [
        (MIN, [(180, 200), (950, 1000)], True),
        (MIN, [(120, 200), (950, 1000)], False),
        (MIN, [(17, 20), (950, 1000)], None),
        (MIN, [(0, 0), (950, 1000)], None),
        (GAP, [(900, 1000), (910, 1000)], True),
        (GAP, [(700, 1000), (910, 1000)], False),
        (GAP, [(45, 50), (910, 1000)], None),
        (GAP, [(900, 1000)], None),
        (RATIO, [(300, 1000), (310, 1000)], True),
        (RATIO, [(100, 1000), (310, 1000)], False),
        (RATIO, [(10, 40), (310, 1000)], None),
    ],
)
def test_a_rule_holds_of_all_does_not_of_one_or_cannot_be_told(
    rule: Rule,
    counts: list[tuple[int, int]],
    holds: bool | None,  # noqa: FBT001 - found
) -> None:
    assert conclude_slices(judge(rule, *counts)) is holds


def test_a_slice_without_examples_is_inconclusive_and_not_dropped() -> None:
    found = judge(MIN, (0, 0), (950, 1000))

    assert found["0"] == Finding(Count(0, 0), None, None, holds=None)


def test_one_slice_that_is_worse_closes_whatever_others_cannot_tell() -> None:
    assert conclude_slices(judge(MIN, (0, 0), (500, 1000))) is False


def test_a_small_slice_says_how_many_it_would_take() -> None:
    found = judge(MIN, (17, 20), (950, 1000))["0"]

    assert found.holds is None
    assert found.needed is not None
    assert 200 < found.needed < 500


def test_below_the_least_number_even_what_is_clear_is_inconclusive() -> None:
    found = judge(MIN, (40, 40), least=41)["0"]

    assert (found.holds, found.needed) == (None, 41)


def test_among_many_slices_one_bad_draw_refutes_nothing() -> None:
    unlucky = (72, 100)  # one in forty, at a true share of 0.8

    assert judge(MIN, unlucky)["0"].holds is False
    assert judge(MIN, *[unlucky] * 20)["0"].holds is None


@given(
    st.lists(
        st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([MIN, GAP, RATIO]),
)
def test_no_counts_are_too_odd_to_be_judged(
    counts: list[tuple[int, int]], rule: Rule
) -> None:
    found = judge(rule, *counts)

    assert len(found) == len(counts)
    if conclude_slices(found):
        assert all(each.lower is not None and each.lower > 0 for each in found.values())
