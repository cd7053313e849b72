"""Unit tests of `sluicegate.adapters.metrics.samples`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.metrics.prometheus_answer import Series
from sluicegate.adapters.metrics.samples import counted, sampled, slower
from sluicegate.errors import PermanentError


def series(*samples: tuple[int, object]) -> Series:
    return Series({"__name__": "x"}, tuple((t, str(v)) for t, v in samples))


def test_what_was_there_before_the_beginning_is_not_counted() -> None:
    assert counted(series((1, 100), (5, 120), (9, 130)), since=5, until=9) == 10


def test_a_new_series_counts_from_0() -> None:
    assert counted(series((6, 3), (9, 5)), since=5, until=9) == 5


def test_a_series_that_ended_keeps_what_it_counted() -> None:
    assert counted(series((6, 3), (7, 5)), since=5, until=900) == 5


def test_a_counter_that_falls_began_again() -> None:
    assert counted(series((1, 100), (6, 110), (7, 4), (8, 6)), since=5, until=9) == 16
    assert counted(series((1, 100), (6, 2)), since=5, until=9) == 2
    assert counted(series((1, 100), (2, 1), (6, 3)), since=5, until=9) == 2


def test_what_comes_after_the_reading_waits_for_the_next_one() -> None:
    samples = series((4, 10), (6, 20), (8, 35))

    assert [counted(samples, 5, until) for until in (5, 6, 7, 8)] == [0, 10, 10, 25]


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), max_size=6),
    st.integers(0, 30),
)
def test_all_that_was_seen_of_several_lives_is_counted(
    lives: list[list[int]], since: int
) -> None:
    """Where every life begins below the end of the last, as it must to be noticed."""
    samples, time, truth, last = list[tuple[int, int]](), 0, 0, 0
    for life in lives:
        value = 0
        for step, more in enumerate(life):
            if step == 0 and samples and more >= last:
                break  # nobody could tell
            value += more
            time += 1
            samples.append((time, value))
            truth += more if time > since else 0
            last = value
    assert counted(series(*samples), since, time) == truth


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-1", "1.5", "1e300"])
def test_what_is_no_count_is_refused(value: str) -> None:
    with pytest.raises(PermanentError, match="does not count whole things"):
        counted(series((6, 1), (7, value)), since=5, until=9)


def test_a_histogram_is_counted_above_its_edges() -> None:
    buckets = {
        100: {4: 5, 6: 8, 8: 9},
        250: {4: 6, 6: 9, 8: 12},
        None: {4: 6, 6: 10, 8: 14},
    }

    assert slower(buckets, (100, 250), since=5, until=8) == (8, (4, 2))
    assert slower(buckets, (100, 250), since=5, until=6) == (4, (1, 1))
    assert slower(buckets, (250,), since=0, until=9) == (14, (2,))


def test_all_buckets_begin_again_if_one_does() -> None:
    # 90 fast ones and 10 slow ones; then, after a restart, 95 fast ones and none slow.
    buckets = {100: {4: 90, 6: 95}, None: {4: 100, 6: 95}}

    assert slower(buckets, (100,), since=5, until=6) == (95, (0,))


def test_a_missing_bucket_is_refused() -> None:
    with pytest.raises(PermanentError, match=r"no bucket for 250 ms$") as missing:
        slower({100: {6: 1}, None: {6: 1}}, (100, 250), since=5, until=6)
    assert missing.value.hint == "its edges, in ms: 100"
    with pytest.raises(PermanentError, match=r"no bucket for \+Inf$"):
        slower({100: {6: 1}}, (100,), since=5, until=6)
    with pytest.raises(PermanentError, match="samples of some buckets only"):
        slower({100: {6: 1}, None: {6: 1, 7: 2}}, (100,), since=5, until=7)


def test_samples_of_a_gauge_are_summed_in_millionths() -> None:
    samples = series((5, "7"), (6, "0.1"), (7, "-2.25"), (8, "1.5e3"), (9, "1"))

    assert sampled(samples, since=5, until=8) == (3, 1_497_850_000)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e200"])
def test_a_gauge_without_a_number_is_refused(value: str) -> None:
    with pytest.raises(PermanentError, match=r"\{'__name__': 'x'\} is "):
        sampled(series((6, value)), since=5, until=9)
