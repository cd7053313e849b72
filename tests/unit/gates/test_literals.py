"""Unit tests of `sluicegate.gates.literals`: slips that would open a gate for ever."""

import pytest

from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.facts import facts_of

TYPES = facts_of({"scan.os": "text"})


def read(text: str) -> Condition:
    return compile_condition(text, TYPES, TYPES)


@pytest.mark.parametrize(
    "text",
    [
        'time.weekday != "friday"',
        "time.weekday != 'Fri'",
        '"friday" != time.weekday',
        'time.hour < 9 || time.weekday=="monday"',
        'time.weekday in ["mon", "tuesday"]',
        '!(time.weekday in ["Sat", "Sun"])',
        'time.weekday != ""',
    ],
)
def test_a_day_that_never_comes_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="it is one of mon, tue, wed, thu, fri"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        'time.date < "24.12.2026"',
        'time.date != "2026-1-1"',
        '"20261224" <= time.date',
        'time.date < "2026-02-30"',
        'time.date in ["2026-12-24", "Christmas"]',
    ],
)
def test_a_date_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match='it is a date like "2026-12-24"'):
        read(text)


@pytest.mark.parametrize("text", ['time.weekday < "sat"', '"fri" >= time.weekday'])
def test_days_of_the_week_have_no_order(text: str) -> None:
    with pytest.raises(ExpressionError, match="do not come one after the other"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        'time.weekday != "fri"',
        '!(time.weekday in ["sat", "sun"]) && time.hour < 16',
        'time.date < "2026-12-20" || time.date > "2027-01-03"',
        'time.weekday == "mon" && stable.scan.os != "friday"',
        'stable.scan.os < "sat" && time.weekday == "mon"',
    ],
)
def test_days_and_dates_as_they_are_can_be_asked_for(text: str) -> None:
    assert read(text).text == text
