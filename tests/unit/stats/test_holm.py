"""`sluicegate.stats.holm`: against its definition."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.stats.holm import holm


def test_an_example_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == (0.03, 0.06, 0.06, 0.02)
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.001, 0.5))
def test_it_rejects_what_the_steps_reject(values: list[float], alpha: float) -> None:
    rejected = set()
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        if (len(values) - rank) * values[index] >= alpha:
            break
        rejected.add(index)

    adjusted = holm(values)

    assert {index for index, p in enumerate(adjusted) if p < alpha} == rejected


def test_the_order_changes_nothing() -> None:
    values = (0.02, 0.2, 0.01)
    expected = dict(zip(values, holm(values), strict=True))

    for order in permutations(values):
        assert dict(zip(order, holm(order), strict=True)) == expected
