"""Short intervals put together into batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.batches import Batch, Batches
from sluicegate.errors import UsageError
from sluicegate.model.metric import Pair, Tally

ONE = Pair(Tally(9, (1,)), Tally(1, (0,)))


def split(times: list[float], length: float | None) -> list[tuple[float, int]]:
    """The end of every batch, and how many intervals it holds."""
    batches, done = Batches(length), []
    for at in times:
        batches, batch = batches.add(at, ONE)
        done += [batch] if batch else []
    batches, batch = batches.close()
    assert batches.open is None
    done += [batch] if batch else []
    assert all(isinstance(each, Batch) for each in done)
    return [(each.at, each.pair.canary.n) for each in done]


def test_short_intervals_are_put_together_by_their_ends() -> None:
    times = [float(t) for t in range(15, 200, 15)]
    assert split(times, 60) == [(60, 4), (120, 4), (180, 4), (195, 1)]


def test_intervals_of_the_length_and_more_are_batches_of_their_own() -> None:
    assert split([60, 120, 180], 60) == [(60, 1), (120, 1), (180, 1)]
    assert split([7, 100, 100, 1000], 60) == [(7, 1), (100, 2), (1000, 1)]


def test_fractions_of_seconds_do_not_merge_what_is_a_batch_apart() -> None:
    times = [0.3 + 60 * k for k in range(50)]
    assert len(split(times, 60)) == 50
    assert [n for _, n in split([1.1, 1.2, 1.3, 1.4], 0.1)] == [1, 1, 1, 1]


def test_without_a_length_every_interval_is_a_batch() -> None:
    assert split([1, 1, 2], None) == [(1, 1), (1, 1), (2, 1)]


def test_time_does_not_go_back() -> None:
    batches, _ = Batches(60).add(100, ONE)
    with pytest.raises(UsageError, match="t goes back from 100 to 99"):
        batches.add(99, ONE)


@given(
    st.lists(st.floats(0, 1e6), max_size=40).map(sorted),
    st.floats(0.001, 1e5) | st.none(),
)
def test_nothing_is_lost_and_batches_end_in_order(
    times: list[float], length: float | None
) -> None:
    done = split(times, length)
    assert sum(n for _, n in done) == len(times)
    assert [at for at, _ in done] == sorted(at for at, _ in done)
    assert (done[-1][0] == times[-1]) if times else not done
