"""Unit tests of `sluicegate.audit.presence`: what served on a day, by the log."""

from dataclasses import replace
from datetime import datetime, timedelta

from fakes import START
from fakes_target import release
from hypothesis import given
from hypothesis import strategies as st
from run_events import started

from sluicegate.audit.presence import find_present, reach_back
from sluicegate.model.deployment import Deployment, Presence, Standing

DAY = timedelta(days=1)


def day(number: float) -> datetime:
    return START + number * DAY


def row(
    name: str, standing: Standing, start: float, end: float | None, until: float | None
) -> Deployment:
    return Deployment(
        environment="production",
        release=release(name),
        before=release("before"),
        standing=standing,
        reason="",
        run_id=f"R-{name}",
        run=started(),
        stages=(),
        start_ts=day(start),
        end_ts=None if end is None else day(end),
        live=until is None and standing is not Standing.UNDER_WAY,
        until_ts=None if until is None else day(until),
    )


V1 = row("v1", Standing.DEPLOYED, 1, 1.25, 4.5)
BAD = row("bad", Standing.ROLLED_BACK, 2, 2.25, 2.25)
V2 = row("v2", Standing.PROMOTED, 4, 4.5, None)
FOUND = row("found", Standing.FOUND, 8, 8, 9)


def present(
    rows: list[Deployment], start: float, end: float | None = None
) -> list[Presence]:
    span = (day(start), day(start if end is None else end))
    return find_present(rows, "production", span, day(0))


def told(
    rows: list[Deployment], start: float, end: float | None = None
) -> list[tuple[str, bool]]:
    found = present(rows, start, end)
    return [(each.row.release.name, each.is_stable) for each in found]


def test_a_day_has_all_that_served_in_it_the_canaries_too() -> None:
    rows = [V1, BAD, V2]

    assert told(rows, 0, 1) == []
    assert told(rows, 1, 2) == [("v1", True)]
    assert told(rows, 2, 3) == [("v1", True), ("bad", False)]
    assert told(rows, 3, 4) == [("v1", True)]
    assert told(rows, 4, 5) == [("v1", True), ("v2", True)]
    assert told(rows, 300, 301) == [("v2", True)]


def test_a_moment_has_what_served_then() -> None:
    rows = [V1, BAD, V2]

    assert told(rows, 1.1) == [("v1", False)]  # its rollout was under way
    assert told(rows, 4.25) == [("v1", True), ("v2", False)]
    assert told(rows, 4.5) == [("v2", True)]


def test_other_environments_are_left_out() -> None:
    assert find_present([V1], "staging", (day(1), day(2)), day(0)) == []


def test_a_rollout_that_has_not_ended_serves_still() -> None:
    held = row("held", Standing.HELD, 5, 6, None)
    under_way = row("next", Standing.UNDER_WAY, 7, None, None)

    assert told([V2, held, under_way], 9, 10) == [
        ("v2", True),
        ("held", False),
        ("next", False),
    ]


def test_what_was_found_may_have_come_since_the_release_before_it() -> None:
    left = row("v2", Standing.PROMOTED, 4, 4.5, 8)

    for start in (5, 7.5):
        first, second = present([V1, left, FOUND], start, start + 0.25)
        assert (first.row, first.went_unseen, first.came_unseen) == (left, True, False)
        assert (second.row, second.is_stable) == (FOUND, True)
        assert second.came_unseen
    (only,) = present([V1, left, FOUND], 8.5)
    assert (only.row, only.came_unseen) == (FOUND, False)
    assert told([V1, left, FOUND], 3, 4) == [("v1", True)]


def test_what_was_found_first_is_unknown_only_since_the_log_began() -> None:
    assert [each.came_unseen for each in present([FOUND], 1, 2)] == [True]
    assert present([FOUND], -2, -1) == []


def test_what_was_removed_is_known_to_be_gone_from_the_next_rollout_on() -> None:
    removed = row("v1", Standing.DEPLOYED, 1, 1.25, 4)
    first_again = row("v2", Standing.DEPLOYED, 4, 4.5, None)
    rows = [removed, replace(first_again, before=None)]

    (gone,) = present(rows, 2, 3)

    assert gone.went_unseen
    assert [each.went_unseen for each in present([V1, V2], 2, 3)] == [False]


def test_what_is_live_since_before_a_pruned_log_was_there_since_it_came() -> None:
    recalled = replace(row("v1", Standing.FOUND, -9, -9, None), run=None)

    (only,) = find_present([recalled], "production", (day(-5), day(-4)), day(0))

    assert (only.is_stable, only.came_unseen) == (True, False)
    assert find_present([recalled], "production", (day(-12), day(-11)), day(0)) == []


def test_rows_reach_back_if_they_have_what_was_live_by_then() -> None:
    assert reach_back([V1, V2], "production", day(2))
    assert not reach_back([V2], "production", day(2))
    assert not reach_back([FOUND], "production", day(9))
    assert not reach_back([V1], "staging", day(2))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 400))
def test_one_release_is_stable_at_every_moment_after_the_first(
    lengths: list[int], hour: int
) -> None:
    rows, at = [], 0
    for number, length in enumerate(lengths):
        last = number == len(lengths) - 1
        until = None if last else (at + length) / 24
        rows.append(row(f"v{number}", Standing.PROMOTED, at / 24, at / 24, until))
        at += length

    assert sum(stable for _, stable in told(rows, hour / 24)) == 1
