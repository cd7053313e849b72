"""Trying again what may pass by itself, for a while."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sluicegate.errors import PermanentError, TransientError
from sluicegate.ports.clock import Clock

T = TypeVar("T")

_LONGEST_WAIT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on: *attempts* tries, the waits between them doubling each time.

    ``until_ms`` is the end of all patience, on the monotonic clock; *stage* names what
    ran out of time then. ``say`` takes lines for people.
    """

    clock: Clock
    say: Callable[[str], None]
    stage: str
    attempts: int
    backoff: timedelta
    until_ms: int

    def left(self) -> timedelta:
        """How much time there still is.

        Raises:
            PermanentError: none.
        """
        left_ms = self.until_ms - self.clock.monotonic_ms()
        if left_ms <= 0:
            raise PermanentError(
                f"stage {self.stage} ran out of time",
                hint=f"raise `timeout:` of stage {self.stage}",
            )
        return timedelta(milliseconds=left_ms)

    def again(self, act: Callable[[], T]) -> T:
        """Do *act* until it fails in no way that may pass.

        Raises:
            TransientError: the last try failed so.
            PermanentError: what *act* raised, or there is no time left.
            Interrupted: asked to stop.
        """
        for number in range(1, self.attempts):
            try:
                self.left()
                return act()
            except TransientError as error:
                wait = min(self.backoff * 2 ** (number - 1), _LONGEST_WAIT)
                tries = f"try {number} of {self.attempts}"
                self.say(f"{error}; again in {wait.total_seconds():g} s ({tries})")
                self.clock.sleep(wait.total_seconds())
        self.left()
        return act()
