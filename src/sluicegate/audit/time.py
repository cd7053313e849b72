"""Gate time: what a gate may take for now.

A clock that was set back would make a database young and move a deadline away. So the
time is the later of this machine's and the newest in the log, and a clock far behind
the log is no clock to judge by.
"""

from datetime import datetime, timedelta

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.ports.clock import Clock

MAX_BEHIND = timedelta(minutes=5)


class GateClock(Clock):
    """*clock*, but never before *newest*, the time of the newest entry in the log.

    Raises:
        PermanentError: the clock is more than `MAX_BEHIND` behind the log.
    """

    def __init__(self, clock: Clock, newest: datetime) -> None:
        self._clock = clock
        self._newest = newest
        now = clock.now()
        if now < newest - MAX_BEHIND:
            raise PermanentError(
                f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, but the log"
                f" has an entry of {newest:%Y-%m-%d %H:%M:%S} UTC",
                hint="set the clock right; what is judged by a wrong one is not judged",
            )

    @override
    def now(self) -> datetime:
        return max(self._clock.now(), self._newest)

    @override
    def monotonic_ms(self) -> int:
        return self._clock.monotonic_ms()

    @override
    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
