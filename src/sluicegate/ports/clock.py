"""Time, and waiting that ends at once when the process is asked to stop."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall clock, monotonic clock and interruptible waiting."""

    def now(self) -> datetime:
        """The time in UTC, aware, whole milliseconds."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Interrupted: the process was asked to stop, before or while waiting.
        """
        ...
