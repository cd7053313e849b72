"""Unit tests of `sluicegate.audit.entry_times`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sluicegate.audit.entry_times import EntryTimes

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def doubts(
    hours: Sequence[float | None],
    seen: Sequence[tuple[int, float]] = (),
    now: float | None = None,
) -> list[str]:
    """What is doubted of entries at so many hours after noon."""
    times = EntryTimes()
    for index, hour in enumerate(hours):
        times.add(index, None if hour is None else NOON + timedelta(hours=hour))
    cosigned = [(size, NOON + timedelta(hours=hour)) for size, hour in seen]
    at = None if now is None else NOON + timedelta(hours=now)
    return list(times.doubts(cosigned, at))


def test_times_that_nothing_contradicts_are_not_doubted() -> None:
    assert doubts([0, 1, 0.95, None, 2], seen=[(2, 1), (5, 2)], now=2) == []


def test_a_backdated_entry_is_told_by_the_entries_before_it() -> None:
    assert doubts([0, 3, 1, 3]) == [
        "entry 2 says 2026-11-22 13:00:00Z, and comes after one of 2026-11-22 15:00:00Z"
    ]


def test_a_backdated_entry_is_told_by_a_witness_who_saw_the_log_without_it() -> None:
    assert doubts([0, 1, 2], seen=[(2, 9)]) == [
        (
            "entry 2 says 2026-11-22 14:00:00Z, and at 2026-11-22 21:00:00Z a witness"
            " saw the log without it"
        )
    ]


def test_a_postdated_entry_is_told_by_a_witness_who_saw_it_before() -> None:
    assert doubts([0, 9], seen=[(2, 1)]) == [
        (
            "entry 1 says 2026-11-22 21:00:00Z, and a witness saw it at "
            "2026-11-22 13:00:00Z"
        )
    ]


def test_an_entry_of_the_day_after_tomorrow_is_told_by_the_clock_here() -> None:
    assert doubts([0, 20, 60], now=0) == [
        "entry 2 says 2026-11-25 00:00:00Z, which is to come"
    ]
    assert doubts([0, 60]) == []


def test_what_could_not_be_read_or_was_pruned_is_passed_over() -> None:
    times = EntryTimes()
    times.add(256, NOON)
    times.add(257, None)
    times.add(258, NOON - timedelta(hours=1))

    (told,) = times.doubts([(300, NOON)], NOON)
    assert told.startswith("entry 258 says 2026-11-22 11:00:00Z, and comes after")
