"""Unit tests of `sluicegate.adapters.stop`."""

import os
import signal

import pytest

from sluicegate.adapters.stop import StopRequest


def test_a_request_is_not_set_before_anybody_asks() -> None:
    stop = StopRequest()

    assert not stop.is_set()
    assert not stop.wait(0)


def test_waiting_ends_at_once_when_stop_was_asked_before() -> None:
    stop = StopRequest()

    stop.set()
    stop.set()

    assert stop.wait(None)
    assert stop.wait(None), "a second wait must not hang on what the first one saw"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_to_stop_and_the_next_one_insists(number: int) -> None:
    stop = StopRequest()

    with stop.install():
        os.kill(os.getpid(), number)
        assert stop.wait(None)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with StopRequest().install():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before
