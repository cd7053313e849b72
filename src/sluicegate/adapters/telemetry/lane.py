"""Records on their way to one endpoint: a thread, a queue with an end, and patience.

Whoever tells something never waits here. The thread is a daemon's: whatever it hangs
in, the resolver or a server that dribbles, keeps the process from nothing.
"""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sluicegate.adapters.telemetry.delivery import Delivery, Post

MAX_WAITING = 4096
"""Records that may wait; more are lost. The usual processors hold 2048."""

_BATCH = 512
_DELAY_SECONDS = 5.0
_LAST_TRIES = 2  # once somebody waits for the end
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 30.0
_ATTEMPT_SECONDS = 10.0

Encode = Callable[[Sequence[Any]], bytes]
"""Makes a document of records of one signal. Called in a thread of the lane's own."""


@dataclass(frozen=True, slots=True)
class Account:
    """How many records were delivered, how many not, and why not."""

    delivered: int = 0
    lost: int = 0
    fault: str = ""


def _nothing() -> None:
    """Prepare nothing."""


class Lane:
    """Sends records in batches, the oldest first.

    *encode* makes a document of some, *post* sends it; *prepare* is called once before,
    while nobody waits yet. *monotonic* is in seconds.
    """

    def __init__(
        self,
        name: str,
        encode: Encode,
        post: Post,
        monotonic: Callable[[], float] = time.monotonic,
        delay_seconds: float = _DELAY_SECONDS,
        prepare: Callable[[], None] = _nothing,
    ) -> None:
        self._encode, self._post, self._prepare = encode, post, prepare
        self._monotonic = monotonic
        self._delay_seconds = delay_seconds
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()
        self._due = 0.0
        self._deadline: float | None = None
        self._under_way = 0
        self._delivered = self._lost = self._last_tries = 0
        self._fault = ""
        self._thread = threading.Thread(
            target=self._work, name=f"telemetry {name}", daemon=True
        )
        self._started = False

    def put(self, records: Sequence[object]) -> None:
        """Have *records* sent, sooner or later. Waits for nobody."""
        with self._changed:
            room = MAX_WAITING - len(self._waiting)
            if not self._waiting:
                self._due = self._monotonic() + self._delay_seconds
            self._waiting.extend(records[:room])
            if len(records) > room:
                self._lost += len(records) - room
                self._fault = self._fault or "more than can wait"
            if not self._started:
                self._started = True
                self._thread.start()
            self._changed.notify_all()

    def close(self, deadline: float) -> None:
        """Send what waits at once, until *deadline* by the monotonic clock."""
        with self._changed:
            self._deadline = deadline
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait for the end of the thread, or for the deadline."""
        if self._started:
            assert self._deadline is not None
            self._thread.join(max(0.0, self._deadline - self._monotonic()))

    def account(self) -> Account:
        """What became of everything so far. What is under way counts as lost."""
        with self._changed:
            left = len(self._waiting) + self._under_way
            fault = self._fault or ("no answer in time" if left else "")
            return Account(self._delivered, self._lost + left, fault)

    def _work(self) -> None:
        with suppress(Exception):  # whoever sends then says what is wrong
            self._prepare()
        while batch := self._next():
            self._deliver(batch)

    def _next(self) -> list[object]:
        """The next batch, once it is due; nothing when all is done."""
        with self._changed:
            while True:
                now = self._monotonic()
                is_due = len(self._waiting) >= _BATCH or now >= self._due
                if self._waiting and (is_due or self._deadline is not None):
                    break
                if self._deadline is not None:
                    return []
                pause = max(0.01, self._due - now) if self._waiting else None
                self._changed.wait(pause)
            number = min(_BATCH, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(number)]
            self._due = self._monotonic() + self._delay_seconds
            self._under_way = len(batch)
            return batch

    def _deliver(self, batch: Sequence[object]) -> None:
        try:
            body = self._encode(batch)
        except Exception as error:  # noqa: BLE001 - a bug of ours must harm no run
            self._settle(batch, Delivery(f"it failed ({type(error).__name__})"))
            return
        backoff = _FIRST_PAUSE_SECONDS
        while True:
            delivery = self._try(body)
            if delivery.is_taken or delivery.again_seconds == math.inf:
                break
            jittered = backoff * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            if not self._may_try_again(delivery.again_seconds, jittered):
                break
            backoff = min(2 * backoff, _LONGEST_PAUSE_SECONDS)
        self._settle(batch, delivery)

    def _try(self, body: bytes) -> Delivery:
        try:
            return self._post(body, self._seconds_to_try())
        except Exception as error:  # noqa: BLE001 - likewise, and no traceback
            return Delivery(f"it failed ({type(error).__name__})")

    def _seconds_to_try(self) -> float:
        with self._changed:
            if self._deadline is None:
                return _ATTEMPT_SECONDS
            self._last_tries += 1
            return self._deadline - self._monotonic()

    def _may_try_again(self, asked: float, backoff: float) -> bool:
        """Wait for as long as the server *asked*, or else for *backoff* seconds.

        Once somebody waits for the end, only what the server asked for is kept to.

        Returns:
            Whether there is time for another try.
        """
        start = self._monotonic()
        with self._changed:
            while True:
                is_hurried = self._deadline is not None and not self._last_tries
                end = start + (asked or (0 if is_hurried else backoff))
                if self._deadline is not None and (
                    end >= self._deadline or self._last_tries >= _LAST_TRIES
                ):
                    return False
                now = self._monotonic()
                if now >= end:
                    return True
                self._changed.wait(end - now)

    def _settle(self, batch: Sequence[object], delivery: Delivery) -> None:
        with self._changed:
            rejected = min(len(batch), delivery.rejected)
            lost = rejected if delivery.is_taken else len(batch)
            if not delivery.is_taken and self._deadline is not None:
                lost += len(self._waiting)
                self._waiting.clear()
            self._under_way = 0
            self._delivered += len(batch) - min(lost, len(batch))
            self._lost += lost
            self._fault = self._fault or delivery.fault
