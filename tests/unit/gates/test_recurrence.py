"""Unit tests of `sluicegate.gates.recurrence`."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluicegate.gates.recurrence import (
    check_cron,
    check_timezone,
    covered_until,
    covers,
    latest_start,
    next_start,
)
from sluicegate.model.policy import Window

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def window(cron: str, timezone: str = BERLIN, lasts: timedelta = HOUR) -> Window:
    return Window(cron, lasts, timezone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starts(cron: str, timezone: str, begin: str, count: int) -> list[str]:
    """The next beginnings after *begin*, on the clocks of *timezone*."""
    at, found = utc(begin), []
    for _ in range(count):
        start = next_start(window(cron, timezone), at)
        assert start is not None
        found.append(start.astimezone(ZoneInfo(timezone)).strftime("%d %H:%M %z"))
        at = start
    return found


@pytest.mark.parametrize(
    ("timezone", "begin", "expected"),
    [
        (BERLIN, "2026-03-28 00:00", ["28 02:30 +0100", "29 03:00 +0200"]),
        (NEW_YORK, "2026-03-07 06:00", ["07 02:30 -0500", "08 03:00 -0400"]),
    ],
)
def test_a_time_that_the_clocks_skip_comes_when_they_have_gone_forward(
    timezone: str, begin: str, expected: list[str]
) -> None:
    assert starts("30 2 * * *", timezone, begin, 2) == expected


@pytest.mark.parametrize(
    ("cron", "timezone", "begin", "expected"),
    [
        (
            "30 2 * * *",
            BERLIN,
            "2026-10-24 12:00",
            ["25 02:30 +0200", "26 02:30 +0100"],
        ),
        (
            "30 1 * * *",
            NEW_YORK,
            "2026-10-31 12:00",
            ["01 01:30 -0400", "02 01:30 -0500"],
        ),
    ],
)
def test_a_time_that_the_clocks_show_twice_comes_the_first_time(
    cron: str, timezone: str, begin: str, expected: list[str]
) -> None:
    assert starts(cron, timezone, begin, 2) == expected


def test_a_day_that_was_skipped_as_a_whole_comes_when_the_next_begins() -> None:
    found = starts("0 9 * * *", "Pacific/Apia", "2011-12-28 20:00", 3)

    assert found == ["29 09:00 -1000", "31 00:00 +1400", "31 09:00 +1400"]


def test_an_interval_follows_the_time_that_passes() -> None:
    in_spring = starts("0 * * * *", BERLIN, "2026-03-29 00:30", 2)
    in_autumn = starts("0 * * * *", BERLIN, "2026-10-24 23:30", 3)

    assert in_spring == ["29 03:00 +0200", "29 04:00 +0200"]
    assert in_autumn == ["25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"]


def test_a_window_lasts_for_the_time_that_passes_whatever_clocks_show() -> None:
    night = window("0 0 * * *", lasts=6 * HOUR)

    assert covered_until(night, utc("2026-03-28 23:30")) == (
        utc("2026-03-29 05:00"),  # 07:00: an hour is missing
        True,
    )
    assert covered_until(night, utc("2026-10-25 00:30")) == (
        utc("2026-10-25 04:00"),  # 05:00: an hour came twice
        True,
    )


def test_a_window_holds_its_first_moment_and_not_its_end() -> None:
    morning = window("0 9 * * *", "UTC", 8 * HOUR)
    tick = timedelta(microseconds=1)

    inside = [
        covers(morning, at)
        for at in (
            utc("2026-11-23 09:00") - tick,
            utc("2026-11-23 09:00"),
            utc("2026-11-23 17:00") - tick,
            utc("2026-11-23 17:00"),
        )
    ]

    assert inside == [False, True, True, False]


def test_a_window_that_begins_again_before_it_ends_goes_on() -> None:
    weekend = window("0 0 * * sat,sun", "UTC", 30 * HOUR)

    assert covered_until(weekend, utc("2026-11-21 12:00")) == (
        utc("2026-11-23 06:00"),
        True,
    )


def test_a_window_that_always_begins_again_has_no_end_in_sight() -> None:
    always = window("0 9 * * *", "UTC", 25 * HOUR)
    at = utc("2026-11-22 12:00")

    end, known = covered_until(always, at)

    assert not known
    assert end > at
    assert covers(always, end)


def test_a_window_may_last_longer_than_its_period_and_than_a_year() -> None:
    leap = window("0 0 29 2 *", "UTC", timedelta(days=500))

    assert latest_start(leap, utc("2026-11-22 00:00")) == utc("2024-02-29 00:00")
    assert covers(leap, utc("2025-07-12 00:00"))
    assert not covers(leap, utc("2026-11-22 00:00"))
    assert next_start(leap, utc("2026-11-22 00:00")) == utc("2028-02-29 00:00")


def test_an_expression_that_never_comes_true_never_begins() -> None:
    never = window("* * */20 * 1L", "UTC")

    assert next_start(never, utc("2026-11-22 00:00")) is None
    assert not covers(never, utc("2026-11-22 00:00"))


@pytest.mark.parametrize(
    "text",
    ["0 9 * * mon-fri", "*/5 * * * *", "0 0 L * *", "0 0 * 2 MON#5", "30 2 29 2 *"],
)
def test_cron_expressions_are_taken(text: str) -> None:
    check_cron(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has not the five fields"),
        ("@daily", "has not the five fields"),
        ("0 0 9 * * mon", "has not the five fields"),
        ("60 9 * * *", "has no minute that can be"),
        ("0 24 * * *", "has no hour that can be"),
        ("0 9 * * someday", "has no day-of-week that can be"),
        ("*/0 * * * *", "has no minute that can be"),
        ("0 0 30 2 *", "has no day-of-month that can be"),
        ("* * */20 * 1L", "never comes true"),
        ("1" * 5000 + " * * * *", "more than 200 characters"),
    ],
)
def test_what_is_no_cron_expression_or_never_comes_true_is_refused(
    text: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_cron(text)


@given(st.text("0159*/-,#LWmonJAN \t", max_size=24))
@example("L/1 LW 5L 1#1 L")
def test_any_text_is_taken_or_refused_with_a_reason(text: str) -> None:
    complaint = ""
    try:
        check_cron(text)
    except ValueError as error:
        complaint = str(error)

    if complaint:
        assert "cron expression" in complaint
    else:
        assert next_start(window(text), utc("2000-01-01 12:00")) is not None


def test_time_zones_that_mean_the_same_everywhere_are_taken() -> None:
    for name in ("UTC", BERLIN, NEW_YORK, "Asia/Kolkata"):
        check_timezone(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "Europe",
        "../../etc/passwd",
        "/etc/localtime",
        "a\0b",
        "localtime",
        "right/Europe/Berlin",
        "CET" * 100,
    ],
)
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        check_timezone(name)


# A slow oracle: it walks through real time, minute by minute, and looks at the clock.

TURNS = {
    "spring in Berlin": (BERLIN, "2026-03-29 01:00"),
    "autumn in Berlin": (BERLIN, "2026-10-25 01:00"),
    "spring in New York": (NEW_YORK, "2026-03-08 07:00"),
    "autumn in New York": (NEW_YORK, "2026-11-01 06:00"),
    "half an hour forward": ("Australia/Lord_Howe", "2026-10-03 15:30"),
    "half an hour back": ("Australia/Lord_Howe", "2026-04-04 15:00"),
    "midnight skipped": ("Africa/Cairo", "2026-04-23 22:00"),
    "midnight twice": ("Africa/Cairo", "2026-10-29 21:00"),
    "no turn at all": ("Asia/Kolkata", "2026-11-22 00:00"),
}
BEFORE, AFTER = timedelta(days=3), timedelta(days=3)


@lru_cache
def clock(turn: str) -> list[tuple[datetime, datetime]]:
    """Each real minute around a turn, and what the clocks show then."""
    timezone, text = TURNS[turn]
    begin, zone = utc(text) - BEFORE, ZoneInfo(timezone)
    minutes = [begin + n * MINUTE for n in range((BEFORE + AFTER) // MINUTE)]
    return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in minutes]


@dataclass(frozen=True)
class Spec:
    """A cron expression, as sets of numbers; None is a star."""

    minutes: tuple[int, ...] | None
    hours: tuple[int, ...] | None
    days: tuple[int, ...] | None
    weekdays: tuple[int, ...] | None

    @property
    def text(self) -> str:
        fields = (self.minutes, self.hours, self.days, (), self.weekdays)
        return " ".join(",".join(map(str, one)) if one else "*" for one in fields)

    def matches(self, local: datetime) -> bool:
        in_days = self.days is None or local.day in self.days
        weekday = local.isoweekday() % 7
        in_weekdays = self.weekdays is None or weekday in self.weekdays
        if self.days and self.weekdays:  # either will do, as cron has it
            on_day = in_days or in_weekdays
        else:
            on_day = in_days and in_weekdays
        return (
            on_day
            and (self.hours is None or local.hour in self.hours)
            and (self.minutes is None or local.minute in self.minutes)
        )


def walk(spec: Spec, turn: str) -> list[datetime]:
    """When it begins.

    An interval begins whenever a clock shows it; a time of the day when a clock shows
    it, or a later time, for the first time.
    """
    found = []
    latest = clock(turn)[0][1] - MINUTE
    for at, local in clock(turn):
        if spec.minutes is None or spec.hours is None:
            hit = spec.matches(local)
        else:
            passed = range((local - latest) // MINUTE)
            hit = any(spec.matches(local - n * MINUTE) for n in passed)
        latest = max(latest, local)
        if hit:
            found.append(at)
    return found


def numbers(low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(low, high), min_size=1, max_size=4, unique=True).map(
        lambda found: tuple(sorted(found))
    )


SPECS = st.builds(
    Spec,
    st.none() | numbers(0, 59) | st.sampled_from([(0,), (30,)]),
    st.none() | numbers(0, 23) | numbers(0, 3),
    st.none() | numbers(1, 31),
    st.none() | numbers(0, 6),
)
MOMENTS = st.integers(0, int(timedelta(days=3) / timedelta(seconds=1)))


@given(SPECS, st.sampled_from(sorted(TURNS)), MOMENTS, st.integers(1, 35 * 60))
@settings(max_examples=40, deadline=None)
@example(Spec((30,), (2,), None, None), "spring in Berlin", 86400 + 1800, 60)
@example(Spec((30,), (2,), None, None), "autumn in Berlin", 86400 + 3600 + 1800, 60)
@example(Spec(None, (2,), None, None), "half an hour back", 86400 + 600, 1)
@example(Spec(None, (0,), None, None), "midnight skipped", 86400 + 60, 30)
def test_it_says_what_somebody_sees_who_looks_at_the_clock_every_minute(
    spec: Spec, turn: str, seconds: int, minutes: int
) -> None:
    timezone, text = TURNS[turn]
    one = Window(spec.text, minutes * MINUTE, timezone)
    at = utc(text) - timedelta(days=1) + timedelta(seconds=seconds)
    seen = walk(spec, turn)
    position = bisect_right(seen, at)

    begun = latest_start(one, at)
    due = next_start(one, at)

    if position:
        assert begun == seen[position - 1]
        inside = at < seen[position - 1] + one.lasts
        assert covers(one, at) is inside
        if inside:
            end, known = covered_until(one, at)
            gap = _first_uncovered(seen, position, one.lasts)
            if end < clock(turn)[-1][0]:
                assert end == gap if known else at < end <= gap
    else:
        assert begun is None or begun < clock(turn)[0][0]
    if position < len(seen):
        assert due == seen[position]
    else:
        assert due is None or due > clock(turn)[-1][0]


def _first_uncovered(seen: list[datetime], position: int, lasts: timedelta) -> datetime:
    """When the window that has begun ends, as far as it was walked."""
    end = seen[position - 1] + lasts
    for start in seen[position:]:
        if start > end:
            break
        end = start + lasts
    return end
