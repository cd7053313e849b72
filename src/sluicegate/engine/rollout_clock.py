"""The time of one rollout, which never goes backwards."""

from datetime import datetime, timedelta

from sluicegate.ports.clock import Clock


class RolloutClock:
    """The wall clock, as long as it goes forward.

    A wall clock that is set back would give blocks that end before they begin, and move
    the deadline away. Here time goes on from the newest time seen, at the pace of the
    monotonic clock, until the wall clock has caught up.
    """

    def __init__(self, clock: Clock, *, newest: datetime | None) -> None:
        """Begin now, but not before *newest*, the newest recorded time."""
        self._clock = clock
        self._now = clock.now() if newest is None else max(clock.now(), newest)
        self._at_ms = clock.monotonic_ms()

    def now(self) -> datetime:
        """The time in UTC, aware, whole milliseconds."""
        at_ms = self._clock.monotonic_ms()
        passed = self._now + timedelta(milliseconds=at_ms - self._at_ms)
        self._now, self._at_ms = max(self._clock.now(), passed), at_ms
        return self._now
