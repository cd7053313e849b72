"""Unit tests of `sluicegate.adapters.stop`."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sluicegate.adapters.stop import SIGNALS, StopRequest


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


@pytest.fixture
def after_all() -> Iterator[None]:
    """The handlers are those of before again: who insists leaves others."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("after_all")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_to_stop_and_the_next_one_insists(number: int) -> None:
    stop = StopRequest()

    with stop.install():
        os.kill(os.getpid(), number)
        assert stop.wait(None)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


@pytest.mark.usefixtures("after_all")
def test_who_has_insisted_cannot_disturb_the_end_any_more() -> None:
    with suppress(KeyboardInterrupt), StopRequest().install():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it was not heard")

    for number in SIGNALS:
        os.kill(os.getpid(), number)


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with StopRequest().install():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before
