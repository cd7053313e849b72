"""The machine's clocks."""

import time
from datetime import UTC, datetime

from typing_extensions import override

from sluicegate.adapters.stop import Stop
from sluicegate.errors import Interrupted
from sluicegate.ports.clock import Clock


class SystemClock(Clock):
    """Reads this machine's clocks; waiting ends when *stop* is set."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    @override
    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @override
    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    @override
    def sleep(self, seconds: float) -> None:
        if self._stop.wait(max(seconds, 0)):
            raise Interrupted("asked to stop while waiting")
