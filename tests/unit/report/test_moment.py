"""Unit tests of `sluicegate.report.moment`."""

from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.report.moment import format_ago, format_moment, format_until

NOW = datetime(2026, 11, 22, 10, 3, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=44), "just now"),
        (timedelta(seconds=46), "1 min ago"),
        (timedelta(minutes=89), "89 min ago"),
        (timedelta(minutes=91), "2 h ago"),
        (timedelta(hours=35), "35 h ago"),
        (timedelta(hours=47), "2 days ago"),
        (timedelta(days=12), "on 2026-11-10"),
    ],
)
def test_how_long_ago_is_said_as_people_do(passed: timedelta, said: str) -> None:
    assert format_ago(NOW - passed, NOW) == said


def test_a_moment_names_its_zone() -> None:
    assert format_moment(NOW) == "2026-11-22 10:03:21Z"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=3), "in 3 days"),
        (timedelta(hours=35, minutes=59), "in 35 h"),
        (timedelta(minutes=89, seconds=59), "in 89 min"),
        (timedelta(seconds=1), "in 1 min"),
        (timedelta(0), "just now"),
        (timedelta(hours=-2), "2 h ago"),
    ],
)
def test_how_long_is_left_is_never_said_to_be_more(left: timedelta, said: str) -> None:
    assert format_until(NOW + left, NOW) == said
