"""Unit tests of `sluicegate.adapters.clock`."""

from datetime import UTC, datetime

import pytest

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import Interrupted


def test_the_time_is_utc_in_whole_milliseconds() -> None:
    now = SystemClock(StopRequest()).now()

    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert abs(datetime.now(UTC) - now).total_seconds() < 60


def test_the_monotonic_clock_never_goes_back_while_sleeping() -> None:
    clock = SystemClock(StopRequest())

    before = clock.monotonic_ms()
    clock.sleep(0.02)

    assert clock.monotonic_ms() >= before + 20


def test_sleeping_ends_at_once_when_asked_to_stop() -> None:
    stop = StopRequest()
    stop.set()

    with pytest.raises(Interrupted):
        SystemClock(stop).sleep(1e6)
