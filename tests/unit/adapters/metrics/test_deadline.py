"""Unit tests of `sluicegate.adapters.metrics.deadline`."""

import threading

import pytest

from sluicegate.adapters.metrics.deadline import within


def test_what_is_in_time_is_returned_or_raised() -> None:
    assert within(60, lambda: 3) == 3
    assert within(60, lambda: None) is None
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)


def test_what_is_late_is_not_waited_for() -> None:
    over = threading.Event()
    try:
        with pytest.raises(TimeoutError, match=r"no result within 0.05 s"):
            within(0.05, over.wait)
    finally:
        over.set()
