"""Unit tests of `sluicegate.gates.windows`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.gates.recurrence import covers
from sluicegate.gates.windows import judge_windows, next_opening
from sluicegate.model.decision import Verdict
from sluicegate.model.policy import Freeze, Window

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICE = Window("0 9 * * mon-fri", 8 * HOUR, "Europe/Berlin")
CET = timezone(HOUR)
HOLIDAYS = Freeze(
    "holidays",
    datetime(2026, 12, 20, tzinfo=CET),
    datetime(2027, 1, 4, tzinfo=CET),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reasons(
    windows: list[Window], freezes: list[Freeze], at: str
) -> list[tuple[Verdict, str]]:
    results = judge_windows(windows, freezes, utc(at))
    return [(result.verdict, result.reason) for result in results]


def test_where_there_are_no_rules_there_are_no_results() -> None:
    assert judge_windows([], [], utc("2026-11-22 10:00")) == ()


def test_outside_a_window_it_is_said_when_it_opens() -> None:
    assert reasons([OFFICE], [], "2026-11-22 10:00") == [
        (
            Verdict.PENDING,
            (
                "outside every change window; the next opens Mon 2026-11-23 09:00"
                " Europe/Berlin (08:00 UTC)"
            ),
        )
    ]


def test_inside_a_window_it_is_said_when_it_closes() -> None:
    assert reasons([OFFICE], [], "2026-11-23 08:00") == [
        (
            Verdict.OPEN,
            (
                "inside a change window until Mon 2026-11-23 17:00 Europe/Berlin"
                " (16:00 UTC)"
            ),
        )
    ]


def test_one_window_of_several_is_enough_and_the_last_to_close_is_named() -> None:
    late = Window("0 12 * * *", 12 * HOUR)

    assert reasons([OFFICE, late], [], "2026-11-23 13:00") == [
        (Verdict.OPEN, "inside a change window until Tue 2026-11-24 00:00 UTC")
    ]
    assert reasons([late, OFFICE], [], "2026-11-23 11:00")[0][0] is Verdict.OPEN


def test_a_window_that_never_comes_never_opens() -> None:
    never = Window("* * */20 * 1L", HOUR)

    assert reasons([never], [], "2026-11-23 13:00") == [
        (Verdict.PENDING, "outside every change window; no next one is in sight")
    ]


def test_in_a_freeze_it_is_said_until_when_and_why() -> None:
    assert reasons([], [HOLIDAYS], "2026-12-21 09:00") == [
        (
            Verdict.PENDING,
            (
                "frozen until Mon 2027-01-04 00:00 UTC+01:00"
                " (Sun 2027-01-03 23:00 UTC): holidays"
            ),
        )
    ]


def test_a_freeze_holds_its_first_moment_and_not_its_end() -> None:
    tick = timedelta(microseconds=1)
    start, end = HOLIDAYS.start, HOLIDAYS.end
    assert start is not None
    assert end is not None

    verdicts = [
        judge_windows([], [HOLIDAYS], at)[0].verdict
        for at in (start - tick, start, end - tick, end)
    ]

    assert verdicts == [Verdict.OPEN, Verdict.PENDING, Verdict.PENDING, Verdict.OPEN]


def test_every_freeze_counts_and_each_is_a_result_of_its_own() -> None:
    nights = Freeze("nights", window=Window("0 22 * * *", 8 * HOUR))

    found = reasons([OFFICE], [HOLIDAYS, nights], "2026-12-21 23:00")

    assert [verdict for verdict, _ in found] == [Verdict.PENDING] * 3
    assert found[2][1] == "frozen until Tue 2026-12-22 06:00 UTC: nights"


def test_a_freeze_that_comes_back_every_day_is_one_freeze() -> None:
    december = Freeze("december", window=Window("0 0 * 12 *", 24 * HOUR))

    assert reasons([], [december], "2026-12-05 10:00") == [
        (Verdict.PENDING, "frozen until Fri 2027-01-01 00:00 UTC: december")
    ]


@pytest.mark.parametrize(
    ("freeze", "reason"),
    [
        (Freeze("for good"), "frozen until the rules are changed: for good"),
        (
            Freeze("for good", start=utc("2026-01-01 00:00")),
            "frozen until the rules are changed: for good",
        ),
        (
            Freeze("so far", end=utc("2027-01-01 00:00")),
            "frozen until Fri 2027-01-01 00:00 UTC: so far",
        ),
    ],
)
def test_a_limit_that_is_not_given_limits_nothing(freeze: Freeze, reason: str) -> None:
    assert reasons([], [freeze], "2026-11-22 10:00") == [(Verdict.PENDING, reason)]


def test_a_freeze_that_never_ends_is_pending_and_says_how_far_it_was_looked() -> None:
    always = Freeze("always", window=Window("0 0 * * *", 24 * HOUR))

    ((verdict, reason),) = reasons([], [always], "2026-11-22 10:00")

    assert verdict is Verdict.PENDING
    assert reason == "frozen at least until Tue 2027-03-02 00:00 UTC: always"
    assert next_opening([], [always], utc("2026-11-22 10:00")) is None


def test_a_window_that_opens_into_a_freeze_is_not_promised() -> None:
    saturday = "2026-12-19 10:00"

    (window, freeze) = reasons([OFFICE], [HOLIDAYS], saturday)

    assert freeze == (Verdict.OPEN, "not frozen now: holidays")
    assert window == (
        Verdict.PENDING,
        (
            "outside every change window; the next that is not frozen opens"
            " Mon 2027-01-04 09:00 Europe/Berlin (08:00 UTC)"
        ),
    )


def test_the_text_of_a_result_says_what_the_rule_is() -> None:
    nights = Freeze("nights", window=Window("0 22 * * *", 8 * HOUR, "America/New_York"))

    texts = [
        result.condition
        for result in judge_windows(
            [OFFICE, Window("0 6 * * sun", 90 * MINUTE)],
            [HOLIDAYS, nights, Freeze("for good")],
            utc("2026-11-22 10:00"),
        )
    ]

    assert texts == [
        (
            'change window: "0 9 * * mon-fri" Europe/Berlin for 8 h,'
            ' or "0 6 * * sun" UTC for 1 h 30 min'
        ),
        (
            "no freeze: holidays (from 2026-12-20T00:00:00+01:00"
            " to 2027-01-04T00:00:00+01:00)"
        ),
        'no freeze: nights ("0 22 * * *" America/New_York for 8 h)',
        "no freeze: for good (always)",
    ]


SPRING, DAYS = utc("2026-03-28 00:00"), 4
DAILY = st.builds(
    lambda hour, minute, lasts, zone: Window(f"{minute} {hour} * * *", lasts, zone),
    st.integers(0, 23),
    st.sampled_from([0, 15, 45]),
    st.sampled_from([15 * MINUTE, 3 * HOUR, 13 * HOUR]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
)
FREEZES = st.builds(
    lambda begin, length: Freeze(
        "a while", SPRING + begin * MINUTE * 15, SPRING + (begin + length) * MINUTE * 15
    ),
    st.integers(0, 300),
    st.integers(1, 200),
) | st.builds(lambda window: Freeze("daily", window=window), DAILY)


@given(
    st.lists(DAILY, max_size=2),
    st.lists(FREEZES, max_size=2),
    st.integers(0, 200),
)
@settings(max_examples=40, deadline=None)
def test_the_next_opening_is_the_first_quarter_of_an_hour_at_which_all_is_open(
    windows: list[Window], freezes: list[Freeze], quarter: int
) -> None:
    begin = SPRING + quarter * 15 * MINUTE

    found = next_opening(windows, freezes, begin)

    quarters = (begin + n * 15 * MINUTE for n in range(4 * 24 * DAYS))
    first = next((at for at in quarters if _is_open(windows, freezes, at)), None)
    for at in (begin, found or begin):
        results = judge_windows(windows, freezes, at)
        is_open = all(result.verdict is Verdict.OPEN for result in results)
        assert is_open is _is_open(windows, freezes, at)
    if first is None:
        assert found is None or found >= begin + timedelta(days=DAYS)
    else:
        assert found == first


def _is_open(windows: list[Window], freezes: list[Freeze], at: datetime) -> bool:
    def frozen(freeze: Freeze) -> bool:
        if freeze.window is not None:
            return covers(freeze.window, at)
        assert freeze.start is not None
        assert freeze.end is not None
        return freeze.start <= at < freeze.end

    inside = not windows or any(covers(window, at) for window in windows)
    return inside and not any(map(frozen, freezes))
