"""Unit tests of `sluicegate.audit.time`."""

from datetime import timedelta

import pytest
from fakes import START, FakeClock

from sluicegate.audit.time import MAX_BEHIND, GateClock
from sluicegate.errors import Interrupted, PermanentError


def test_time_is_the_machines_where_the_log_is_older() -> None:
    clock = GateClock(FakeClock(elapsed_ms=7_000), START)

    assert clock.now() == START + timedelta(seconds=7)
    assert clock.monotonic_ms() == 7_000


def test_time_does_not_go_back_behind_the_log() -> None:
    newest = START + timedelta(minutes=4)
    clock = GateClock(FakeClock(), newest)

    assert clock.now() == newest
    clock.sleep(300)
    assert clock.now() == START + timedelta(minutes=5)


def test_a_clock_far_behind_the_log_judges_nothing() -> None:
    GateClock(FakeClock(), START + MAX_BEHIND)

    with pytest.raises(
        PermanentError, match="clock says 2026-11-22 00:00:00"
    ) as caught:
        GateClock(FakeClock(), START + MAX_BEHIND + timedelta(milliseconds=1))

    assert caught.value.hint


def test_waiting_still_ends_when_asked_to_stop() -> None:
    with pytest.raises(Interrupted):
        GateClock(FakeClock(stop_after_ms=1), START).sleep(1)
