"""The sentences that go into the log."""

from math import log

import pytest

from sluicegate.canary import reason
from sluicegate.model.traffic import RequestCounts

CANARY = RequestCounts(571, 52)
STABLE = RequestCounts(4213, 38)


@pytest.mark.parametrize(
    ("failed", "total", "text"),
    [
        (52, 571, "9.1 % (52 of 571)"),
        (0, 30, "0 % (0 of 30)"),
        (1, 10_000_000, "0.00001 % (1 of 10 000 000)"),
        (995, 1000, "100 % (995 of 1 000)"),
        (7, 7, "100 % (7 of 7)"),
        (1, 50, "2 % (1 of 50)"),
        (333, 1000, "33 % (333 of 1 000)"),
    ],
)
def test_a_rate_is_written_with_its_counts(failed: int, total: int, text: str) -> None:
    assert reason.format_rate(RequestCounts(total, failed)) == text


@pytest.mark.parametrize(
    ("e_value", "text"),
    [(1.7, "1.7"), (20, "20"), (3421, "3 400"), (99.6, "100"), (4.2e23, "10^23")],
)
def test_evidence_is_written_in_two_digits(e_value: float, text: str) -> None:
    assert reason.format_evidence(log(e_value)) == text


def test_evidence_beyond_the_range_of_numbers_is_written() -> None:
    assert reason.format_evidence(1e6) == "10^434294"


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1"), (57, "57"), (101, "110"), (1720, "1 800"), (1800, "1 800")],
)
def test_an_estimate_is_rounded_up(count: int, text: str) -> None:
    assert reason.format_about(count) == text


def test_an_abort_says_which_rates_and_how_sure() -> None:
    assert reason.explain_abort(CANARY, STABLE, evidence=log(3400), needed=100) == (
        "canary fails 9.1 % (52 of 571) where stable fails 0.9 % (38 of 4 213): "
        "evidence 3 400 that it is worse, against the needed 100"
    )


def test_a_promotion_says_which_rates_and_how_sure() -> None:
    good = RequestCounts(571, 5)
    assert reason.explain_promote(good, STABLE, evidence=log(23), needed=20) == (
        "canary fails 0.88 % (5 of 571) where stable fails 0.9 % (38 of 4 213): "
        "evidence 23 that it is acceptable, against the needed 20"
    )


def test_without_traffic_the_requests_needed_are_named() -> None:
    assert reason.explain_no_canary_traffic(1926, rate=0.005) == (
        "no traffic reached the canary; about 2 000 canary requests are needed to "
        "decide, at an error rate of 0.5 %"
    )
    assert reason.explain_no_stable_traffic(RequestCounts(30, 0), 724) == (
        "no traffic reached stable, so there is nothing to compare with; canary fails "
        "0 % (0 of 30), and about 730 more canary requests are needed beside stable's"
    )


def test_a_hold_says_how_many_requests_are_missing() -> None:
    canary, stable = RequestCounts(780, 5), RequestCounts(1650, 9)
    rates = "canary fails 0.64 % (5 of 780) where stable fails 0.55 % (9 of 1 650): "
    assert reason.explain_hold(canary, stable, 3484) == (
        f"{rates}undecided; about 3 500 more canary requests are needed to promote it"
    )
    assert reason.explain_doubt(canary, stable, 2144) == (
        f"{rates}undecided, and not to be promoted at these rates; about 2 200 more "
        "canary requests are needed if it is in truth as good as stable"
    )
    assert reason.explain_too_few(canary, stable, missing=1220, least=2000) == (
        f"{rates}acceptable so far, but 1 220 more canary requests are needed for "
        "min_requests (2 000)"
    )
