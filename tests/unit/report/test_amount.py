"""Unit tests of `sluicegate.report.amount` and `sluicegate.report.duration`."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.report.amount import format_gpu_minutes, format_money, round_exact
from sluicegate.report.duration import format_long

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0.00 EUR"),
        ("0.004", "<0.01 EUR"),
        ("0.005", "<0.01 EUR"),
        ("0.0051", "0.01 EUR"),
        ("1/3", "0.33 EUR"),
        ("2.675", "2.68 EUR"),
        ("12345678901234567890.125", "12345678901234567890.12 EUR"),
    ],
)
def test_money_is_rounded_to_the_hundredth_half_to_even(
    amount: str, shown: str
) -> None:
    assert format_money(Fraction(amount), "EUR") == shown


@pytest.mark.parametrize(
    ("ms", "shown"), [(0, "0.0"), (1, "<0.1"), (60_000, "1.0"), (93_000, "1.6")]
)
def test_gpu_minutes_are_rounded_to_the_tenth(ms: int, shown: str) -> None:
    assert format_gpu_minutes(Fraction(ms)) == shown


@given(st.fractions(0, 10**12))
def test_rounding_is_off_by_half_a_step_at_most(amount: Fraction) -> None:
    step = Decimal("0.01")

    assert abs(Fraction(round_exact(amount, step)) - amount) <= Fraction(step) / 2


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (1500, "1.5 s"),
        (47 * HOUR, "47 h 00 min"),
        (48 * HOUR, "2 d"),
        (77 * HOUR, "3 d 5 h"),
    ],
)
def test_what_takes_days_is_shown_in_days(ms: int, shown: str) -> None:
    assert format_long(ms) == shown
