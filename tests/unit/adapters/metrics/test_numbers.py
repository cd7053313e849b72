"""Unit tests of `sluicegate.adapters.metrics.numbers`."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.metrics.numbers import read_tally
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Tally

KIND = MetricKind


@pytest.mark.parametrize(
    ("kind", "width", "x", "tally"),
    [
        (KIND.BERNOULLI, 1, 3, (3,)),
        (KIND.RATE, 1, 30, (30,)),
        (KIND.LATENCY, 2, [4, 1], (4, 1)),
        (KIND.CATEGORIES, 2, [7, 3], (7, 3)),
        (KIND.GAUGE, 1, -0.25, (-250_000,)),
        (KIND.GAUGE, 1, 2, (2_000_000,)),
    ],
)
def test_numbers_are_those_of_their_kind(
    kind: MetricKind, width: int, x: object, tally: tuple[int, ...]
) -> None:
    assert read_tally({"n": 10, "x": x}, kind, width) == Tally(10, tally)


@pytest.mark.parametrize(
    ("found", "kind", "width"),
    [
        (None, KIND.BERNOULLI, 1),
        ([], KIND.BERNOULLI, 1),
        ({"n": 1}, KIND.BERNOULLI, 1),
        ({"n": 1, "x": 0, "y": 0}, KIND.BERNOULLI, 1),
        ({"n": 1, "x": 2}, KIND.BERNOULLI, 1),
        ({"n": -1, "x": -1}, KIND.BERNOULLI, 1),
        ({"n": 2.0, "x": 1}, KIND.BERNOULLI, 1),
        ({"n": True, "x": 1}, KIND.BERNOULLI, 1),
        ({"n": "2", "x": 1}, KIND.BERNOULLI, 1),
        ({"n": 1 << 60, "x": 1}, KIND.BERNOULLI, 1),
        ({"n": 3, "x": [1]}, KIND.BERNOULLI, 1),
        ({"n": 3, "x": 1}, KIND.LATENCY, 1),
        ({"n": 3, "x": [1, 2]}, KIND.LATENCY, 2),
        ({"n": 3, "x": [1]}, KIND.LATENCY, 2),
        ({"n": 3, "x": [1, 1]}, KIND.CATEGORIES, 2),
        ({"n": 3, "x": float("nan")}, KIND.GAUGE, 1),
        ({"n": 3, "x": float("inf")}, KIND.GAUGE, 1),
        ({"n": 3, "x": True}, KIND.GAUGE, 1),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    found: object, kind: MetricKind, width: int
) -> None:
    with pytest.raises(UsageError):
        read_tally(found, kind, width)


@given(
    st.dictionaries(
        st.sampled_from(["n", "x"]),
        st.integers() | st.floats() | st.text() | st.none() | st.lists(st.integers()),
    ),
    st.sampled_from(MetricKind),
)
def test_nothing_raises_anything_but_the_error_that_is_named(
    found: object, kind: MetricKind
) -> None:
    with suppress(UsageError):
        read_tally(found, kind, 1)
