"""Threads that carry stages through, side by side."""

from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from sluicegate.engine.machine import RunStage
from sluicegate.model.event import StageFinished


class Crew:
    """Carries out attempts at stages, each in a thread of its own."""

    def __init__(
        self, most: int, carry_out: Callable[[RunStage], StageFinished]
    ) -> None:
        """Create it for at most *most* attempts at once."""
        self._threads = ThreadPoolExecutor(max(most, 1), thread_name_prefix="stage")
        self._carry_out = carry_out
        self._futures: dict[Future[StageFinished], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def busy(self) -> Collection[str]:
        """The stages that are being carried through."""
        return self._futures.values()

    def start(self, effect: RunStage) -> None:
        """Begin an attempt."""
        future = self._threads.submit(self._carry_out, effect)
        self._futures[future] = effect.stage

    def next(self) -> tuple[str, StageFinished | Exception]:
        """Wait for the next attempt to end: its stage, and its end or what was raised.

        Signals are handled meanwhile, if this is the main thread.
        """
        done = next(iter(wait(self._futures, return_when=FIRST_COMPLETED).done))
        stage = self._futures.pop(done)
        error = done.exception()
        if error is None:
            return stage, done.result()
        if not isinstance(error, Exception):
            raise error
        return stage, error
