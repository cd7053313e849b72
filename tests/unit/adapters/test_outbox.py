"""Unit tests of `sluicegate.adapters.outbox`: nobody waits longer than they said."""

import threading

from sluicegate.adapters.outbox import Outbox
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError

LONG = 60.0
"""More than a test may take: what waits for it has failed."""


def fail_with(error: Exception) -> None:
    raise error


def test_what_was_delivered_is_no_news() -> None:
    sent: list[str] = []
    outbox = Outbox(StopRequest(), LONG)
    outbox.post("ops", lambda: sent.append("ops"))
    outbox.post("team", lambda: sent.append("team"))

    assert list(outbox.wait()) == []
    assert sorted(sent) == ["ops", "team"]


def test_what_was_not_delivered_is_said_once_with_the_reason() -> None:
    outbox = Outbox(StopRequest(), LONG)
    outbox.post("ops", lambda: fail_with(PermanentError("answered with HTTP 500")))

    assert list(outbox.wait()) == ["ops was not told: answered with HTTP 500"]
    assert list(outbox.wait()) == []


def test_an_error_nobody_expected_is_told_without_its_text() -> None:
    outbox = Outbox(StopRequest(), LONG)
    outbox.post("ops", lambda: fail_with(ValueError("https://hooks.example/s3cret")))

    assert list(outbox.wait()) == ["ops was not told: it failed (ValueError)"]


def test_a_message_that_hangs_is_given_up_and_holds_up_no_other() -> None:
    sent: list[str] = []
    never = threading.Event()
    outbox = Outbox(StopRequest(), patience_seconds=0.2)
    outbox.post("ops", lambda: fail_with(TimeoutError()) if never.wait(LONG) else None)
    outbox.post("team", lambda: sent.append("team"))

    assert list(outbox.wait()) == ["ops was not told: no answer in time"]
    assert sent == ["team"]
    never.set()


def test_who_is_asked_to_stop_waits_for_nobody_to_the_end() -> None:
    never = threading.Event()
    stop = StopRequest()
    outbox = Outbox(stop, LONG)
    outbox.post("ops", lambda: fail_with(TimeoutError()) if never.wait(LONG) else None)
    stop.set()

    assert list(outbox.wait(hurry_seconds=0.1)) == [
        "ops was not told: no answer in time"
    ]
    never.set()


def test_posting_waits_for_nothing() -> None:
    go_on = threading.Event()
    outbox = Outbox(StopRequest(), LONG)

    outbox.post(
        "ops", lambda: fail_with(TimeoutError()) if not go_on.wait(LONG) else None
    )
    go_on.set()  # not reached if posting had waited

    assert list(outbox.wait()) == []
