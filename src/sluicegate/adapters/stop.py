"""The request to stop: Ctrl-C or SIGTERM, noticed by everything that waits.

A `threading.Event` is not used because its ``set`` takes a lock that the interrupted
thread may hold, and a signal handler runs in that very thread: it could hang.
"""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from typing_extensions import override

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop(Protocol):
    """What those who wait need of a request to stop; `threading.Event` fits too."""

    def is_set(self) -> bool:
        """Whether the process was asked to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most *timeout* seconds; True at once when asked to stop."""
        ...


class StopRequest(Stop):
    """A request to stop that a signal handler may set at any moment."""

    def __init__(self) -> None:
        self._asked = False
        # On Windows select() takes sockets only; nothing waits there.
        self._read, self._write = os.pipe()
        if hasattr(os, "set_blocking"):
            os.set_blocking(self._write, False)

    def __del__(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def set(self) -> None:
        """Ask to stop. Safe in a signal handler; asking again changes nothing."""
        if not self._asked:
            self._asked = True
            os.write(self._write, b".")

    @override
    def is_set(self) -> bool:
        """Whether the process was asked to stop."""
        return self._asked

    @override
    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most *timeout* seconds; True at once when asked to stop."""
        select.select([self._read], [], [], timeout)
        return self._asked

    @contextmanager
    def install(self, tell: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Listen to Ctrl-C and SIGTERM while in the context. Main thread only.

        *tell* is called in the signal handler when the first one comes.

        The first signal asks to stop. The next Ctrl-C or SIGTERM means that somebody
        is tired of waiting, and raises `KeyboardInterrupt` wherever the process is.
        From then on it ends, and hears no other: interrupted once more, Python would
        not wait for its threads, and abort if one of them is writing a line.
        """
        insisted = False

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            nonlocal insisted
            if not self._asked:
                self.set()
                tell()
            elif not insisted:
                insisted = True
                raise KeyboardInterrupt

        before = {number: signal.signal(number, on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if insisted else handler)
