"""Messages on their way: each in a thread of its own, so that nobody waits for them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.adapters.stop import Stop
from sluicegate.errors import SluicegateError

_LOOK_SECONDS = 0.05  # how often the request to stop is looked at


@dataclass(slots=True)
class _Message:
    """One message. ``fault`` says why it was not delivered, "" if it was."""

    to: str
    thread: threading.Thread
    deadline: float
    fault: str | None = None


class Outbox:
    """Sends messages in the background and says what became of them.

    A message has *patience_seconds* to be delivered. Its thread is a daemon's: one that
    hangs keeps the process from nothing.
    """

    def __init__(self, stop: Stop, patience_seconds: float = 5.0) -> None:
        self._stop = stop
        self._patience_seconds = patience_seconds
        self._messages: list[_Message] = []

    def post(self, to: str, send: Callable[[], None]) -> None:
        """Let *send* deliver a message, which is called by the name *to*."""

        def deliver() -> None:
            message.fault = _try(send)

        thread = threading.Thread(target=deliver, name=f"to {to}", daemon=True)
        deadline = time.monotonic() + self._patience_seconds
        message = _Message(to, thread, deadline)
        self._messages.append(message)
        thread.start()

    def wait(self, *, hurry_seconds: float = 1.0) -> list[str]:
        """Wait until every message is delivered or its time is over.

        A request to stop, before or meanwhile, leaves *hurry_seconds* for all of them.

        Returns:
            A line for each message that may not have been delivered.
        """
        hurry: float | None = None
        for message in self._messages:
            while message.thread.is_alive():
                now = time.monotonic()
                if hurry is None and self._stop.is_set():
                    hurry = now + hurry_seconds
                end = message.deadline if hurry is None else hurry
                if now >= min(end, message.deadline):
                    break
                message.thread.join(_LOOK_SECONDS)
        lines = [_describe(message) for message in self._messages]
        self._messages.clear()
        return [line for line in lines if line]


def _try(send: Callable[[], None]) -> str:
    try:
        send()
    except SluicegateError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - its text may name what is secret
        return f"it failed ({type(error).__name__})"
    return ""


def _describe(message: _Message) -> str:
    fault = "no answer in time" if message.fault is None else message.fault
    return f"{message.to} was not told: {fault}" if fault else ""
