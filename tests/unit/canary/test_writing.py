"""Unit tests of `sluicegate.canary.writing`."""

from math import log

import pytest

from sluicegate.canary import writing
from sluicegate.model.traffic import RequestCounts


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
    assert writing.format_rate(RequestCounts(total, failed)) == text


@pytest.mark.parametrize(
    ("e_value", "text"),
    [(1.7, "1.7"), (20, "20"), (3421, "3 400"), (99.6, "100"), (4.2e23, "10^23")],
)
def test_evidence_is_written_in_two_digits(e_value: float, text: str) -> None:
    assert writing.format_evidence(log(e_value)) == text


def test_evidence_beyond_the_range_of_numbers_is_written() -> None:
    assert writing.format_evidence(1e6) == "10^434294"


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1"), (57, "57"), (101, "110"), (1720, "1 800"), (1800, "1 800")],
)
def test_an_estimate_is_rounded_up(count: int, text: str) -> None:
    assert writing.format_about(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (812.4, "812"),
        (-3.25, "-3.25"),
        (1_234_567, "1 234 567"),
    ],
)
def test_a_level_keeps_all_digits_before_the_point(value: float, text: str) -> None:
    assert writing.format_level(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (2.5, "2.5 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (5460, "1 h 31 min"),
        (86_400 * 2 + 3600, "2 d 1 h"),
    ],
)
def test_a_time_is_written_in_its_two_greatest_units(seconds: float, text: str) -> None:
    assert writing.format_seconds(seconds) == text


def test_a_chance_is_a_bound() -> None:
    assert writing.format_chance(0.01) == "below 1 %"
    assert writing.format_chance(0.005) == "below 0.5 %"
