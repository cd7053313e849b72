"""Unit tests of `sluicegate.canary.plot.scale`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.plot.scale import TimeScale, format_time, join, thin


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [
        (1, (0, 1)),
        (60, (0, 10, 20, 30, 40, 50, 60)),
        (3600, (0, 600, 1200, 1800, 2400, 3000, 3600)),
        (100_000, (0, 21_600, 43_200, 64_800, 86_400)),
    ],
)
def test_ticks_are_round_and_few(seconds: float, ticks: tuple[int, ...]) -> None:
    assert TimeScale(seconds, 0, 100).ticks() == ticks


@given(st.floats(1, 1e12))
def test_there_are_never_more_ticks_than_can_be_read(seconds: float) -> None:
    assert 1 <= len(TimeScale(seconds, 0, 100).ticks()) <= 9


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0"), (30, "30 s"), (90, "1.5 min"), (7200, "2 h"), (129_600, "1.5 d")],
)
def test_times_are_short(seconds: float, written: str) -> None:
    assert format_time(seconds) == written


def test_a_time_beyond_the_end_is_at_the_end() -> None:
    scale = TimeScale(10, 50, 100)
    assert [scale.x(-1), scale.x(5), scale.x(11)] == [50, 75, 100]


ys = st.lists(st.floats(-100, 100), min_size=1, max_size=500)


@given(ys)
def test_thinned_points_keep_ends_and_extremes(heights: list[float]) -> None:
    points = [(place / 50, y) for place, y in enumerate(heights)]

    kept = thin(points)

    assert len(kept) <= 4 * (len(points) // 100 + 1)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert {min(y for _, y in kept), max(y for _, y in kept)} == {
        min(heights),
        max(heights),
    }
    assert [point for point in points if point in kept] == kept or len(
        set(points)
    ) < len(points)


def test_breaks_that_nobody_could_see_are_closed() -> None:
    assert join([[(0, 0)], [(1, 1), (2, 2)], [(9, 9)]]) == [
        [(0, 0), (1, 1), (2, 2)],
        [(9, 9)],
    ]
