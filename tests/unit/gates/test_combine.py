"""Unit tests of `sluicegate.gates.combine`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.combine import all_of
from sluicegate.model.decision import Decision, Verdict

OPEN = Decision(Verdict.OPEN, "fine")
DECISIONS = st.lists(
    st.builds(Decision, st.sampled_from(Verdict), st.sampled_from(["a", "b"])),
    max_size=6,
)


def test_no_decisions_do_not_open() -> None:
    assert all_of([]) == Decision(Verdict.CLOSED, "the gate has no condition")


@given(DECISIONS)
def test_open_means_that_there_are_decisions_and_all_are_open(
    decisions: list[Decision],
) -> None:
    is_open = all_of(decisions).verdict is Verdict.OPEN

    assert is_open == ({d.verdict for d in decisions} == {Verdict.OPEN})


@given(DECISIONS, DECISIONS)
def test_one_more_decision_never_opens_what_was_not_open(
    some: list[Decision], more: list[Decision]
) -> None:
    if some and all_of(some).verdict is not Verdict.OPEN:
        assert all_of(some + more).verdict is not Verdict.OPEN


@given(DECISIONS)
def test_the_order_makes_no_difference_to_the_verdict(
    decisions: list[Decision],
) -> None:
    assert all_of(decisions).verdict is all_of(decisions[::-1]).verdict


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([Verdict.OPEN, Verdict.PENDING], Verdict.PENDING),
        ([Verdict.PENDING, Verdict.CLOSED, Verdict.OPEN], Verdict.CLOSED),
    ],
)
def test_closed_outweighs_pending_and_pending_outweighs_open(
    verdicts: list[Verdict], expected: Verdict
) -> None:
    decisions = [Decision(verdict, verdict.value) for verdict in verdicts]

    assert all_of(decisions) == Decision(expected, expected.value)


def test_every_reason_to_stay_closed_is_given() -> None:
    decisions = [Decision(Verdict.CLOSED, "a"), OPEN, Decision(Verdict.CLOSED, "b")]

    assert all_of(decisions).reason == "a; b"


def test_one_open_decision_speaks_for_itself_and_several_are_counted() -> None:
    assert all_of([OPEN]) == OPEN
    assert all_of([OPEN, OPEN]).reason == "all 2 conditions hold"
