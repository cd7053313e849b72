"""Unit tests of `sluicegate.gates.when`."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.when import write_length, write_moment

AT = datetime(2026, 11, 22, 23, 30, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (UTC, "Sun 2026-11-22 23:30 UTC"),
        (ZoneInfo("UTC"), "Sun 2026-11-22 23:30 UTC"),
        (ZoneInfo("Africa/Abidjan"), "Sun 2026-11-22 23:30 UTC"),
        (
            ZoneInfo("America/New_York"),
            "Sun 2026-11-22 18:30 America/New_York (23:30 UTC)",
        ),
        (
            ZoneInfo("Europe/Berlin"),
            "Mon 2026-11-23 00:30 Europe/Berlin (Sun 2026-11-22 23:30 UTC)",
        ),
        (
            timezone(timedelta(hours=-5, minutes=-30)),
            "Sun 2026-11-22 18:00 UTC-05:30 (23:30 UTC)",
        ),
    ],
)
def test_a_moment_is_written_on_local_clocks_and_in_utc(
    zone: tzinfo, expected: str
) -> None:
    assert write_moment(AT, zone) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=1), "1 s"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(hours=8), "8 h"),
        (timedelta(hours=20, minutes=59, seconds=1), "21 h"),
        (timedelta(hours=23, minutes=59, seconds=59), "24 h"),
        (timedelta(days=1, hours=3, minutes=1), "1 d 4 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_length_is_written_in_two_units_at_most(
    length: timedelta, expected: str
) -> None:
    assert write_length(length) == expected


@given(st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_whoever_waits_as_long_as_is_written_has_waited_long_enough(
    length: timedelta,
) -> None:
    words = write_length(length).split()
    units = {"d": "days", "h": "hours", "min": "minutes", "s": "seconds"}
    written = sum(
        (
            timedelta(**{units[unit]: int(count)})
            for count, unit in zip(words[::2], words[1::2], strict=True)
        ),
        timedelta(0),
    )

    assert length <= written <= length * 1.05 + timedelta(seconds=1)
