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


def test_what_is_raised_meanwhile_ends_the_wait() -> None:
    over = threading.Event()

    def meanwhile() -> None:
        raise InterruptedError("asked to stop")

    try:
        with pytest.raises(InterruptedError):
            within(600, over.wait, meanwhile)
    finally:
        over.set()


def test_a_result_in_time_is_one_whatever_is_done_meanwhile() -> None:
    looks: list[int] = []

    def call() -> str:
        while not looks:
            over.wait(0.01)
        return "done"

    over = threading.Event()
    assert within(60, call, lambda: looks.append(1)) == "done"
