"""Everything on its way to the endpoints, and how long a run may wait for it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sluicegate.adapters.telemetry.delivery import Post
from sluicegate.adapters.telemetry.lane import Account, Encode, Lane
from sluicegate.adapters.telemetry.settings import Signal

PATIENCE_SECONDS = 1.8
"""For how long a run waits for its telemetry, all in all: with what a busy machine adds
to any waiting, it is less than two seconds."""

_HURRY_SECONDS = 0.5  # once somebody has asked it to stop


class Patience:
    """The time that a run may spend on telemetry. *monotonic* is in seconds."""

    def __init__(
        self,
        limit_seconds: float = PATIENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit_seconds = limit_seconds
        self._monotonic = monotonic
        self.spent_seconds = 0.0

    @property
    def left_seconds(self) -> float:
        """What is left of it; never negative."""
        return max(0.0, self._limit_seconds - self.spent_seconds)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Whatever is done within counts. Not for several threads at once."""
        start = self._monotonic()
        try:
            yield
        finally:
            self.spent_seconds += self._monotonic() - start


@dataclass(frozen=True, slots=True)
class Route:
    """How records of one signal become documents, and how these are sent.

    ``prepare`` loads what that takes.
    """

    encode: Encode
    post: Post
    prepare: Callable[[], None] = lambda: None


class Exporter:
    """Sends what it is given along *routes*, each in a thread of its own."""

    def __init__(
        self,
        routes: Mapping[Signal, Route],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._lanes = {
            signal: Lane(
                signal.value,
                route.encode,
                route.post,
                monotonic,
                prepare=route.prepare,
            )
            for signal, route in routes.items()
        }

    def sends(self, signal: Signal) -> bool:
        """Whether records of that signal go anywhere."""
        return signal in self._lanes

    def put(self, signal: Signal, records: Sequence[object]) -> None:
        """Have *records* sent, if they go anywhere. Waits for nobody."""
        if records and signal in self._lanes:
            self._lanes[signal].put(records)

    def finish(self, seconds: float, *, hurried: bool) -> Mapping[Signal, Account]:
        """Wait at most so long for what is on its way, or less if *hurried*."""
        limit = min(seconds, _HURRY_SECONDS) if hurried else seconds
        deadline = self._monotonic() + limit
        for lane in self._lanes.values():
            lane.close(deadline)
        with suppress(KeyboardInterrupt):  # of who waits no more: the run is over
            for lane in self._lanes.values():
                lane.wait()
        return {signal: lane.account() for signal, lane in self._lanes.items()}
