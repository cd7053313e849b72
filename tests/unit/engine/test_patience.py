"""Unit tests of `sluicegate.engine.patience`."""

from datetime import timedelta

import pytest
from fakes import FakeClock

from sluicegate.engine.patience import Patience
from sluicegate.errors import Interrupted, PermanentError, TransientError


def make(clock: FakeClock, said: list[str], attempts: int = 4) -> Patience:
    backoff, until_ms = timedelta(seconds=20), 1_000_000
    return Patience(clock, said.append, "publish", attempts, backoff, until_ms)


def failing(times: int, error: Exception | None = None) -> list[Exception]:
    return [error or TransientError("not now")] * times


def act(faults: list[Exception]) -> str:
    if faults:
        raise faults.pop()
    return "done"


def test_what_passes_is_tried_again_after_waits_that_double_up_to_a_minute() -> None:
    clock, said, faults = FakeClock(), list[str](), failing(3)

    assert make(clock, said).again(lambda: act(faults)) == "done"
    assert clock.elapsed_ms == 20_000 + 40_000 + 60_000
    assert said == [
        "not now; again in 20 s (try 1 of 4)",
        "not now; again in 40 s (try 2 of 4)",
        "not now; again in 60 s (try 3 of 4)",
    ]


def test_the_last_failure_is_told_at_once() -> None:
    clock, faults = FakeClock(), failing(4)

    with pytest.raises(TransientError, match="not now"):
        make(clock, []).again(lambda: act(faults))

    assert faults == []
    assert clock.elapsed_ms == 120_000


def test_what_will_not_pass_is_not_tried_again() -> None:
    clock, faults = FakeClock(), failing(2, PermanentError("no"))

    with pytest.raises(PermanentError, match="no"):
        make(clock, []).again(lambda: act(faults))

    assert (len(faults), clock.elapsed_ms) == (1, 0)


def test_the_stages_time_ends_all_patience() -> None:
    clock, faults = FakeClock(elapsed_ms=980_000), failing(9)

    with pytest.raises(PermanentError, match="stage publish ran out of time"):
        make(clock, [], attempts=10).again(lambda: act(faults))

    assert len(faults) == 8


def test_a_request_to_stop_ends_the_wait() -> None:
    clock = FakeClock(stop_after_ms=1)

    with pytest.raises(Interrupted):
        make(clock, []).again(lambda: act(failing(1)))
