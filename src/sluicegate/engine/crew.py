"""Carrying stages through side by side, in threads; a lone one needs none."""

from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from sluicegate.engine.machine import RunStage
from sluicegate.model.event import StageFinished


class Crew:
    """Carries out attempts at stages, at most *most* at once.

    An attempt that is alone stays in the thread that waits for it, the main thread:
    what becomes ready waits for its end anyway, and a second Ctrl-C ends it at once.
    """

    def __init__(
        self, most: int, carry_out: Callable[[RunStage], StageFinished]
    ) -> None:
        self._most = max(most, 1)
        self._carry_out = carry_out
        self._threads: ThreadPoolExecutor | None = None
        self._due: list[RunStage] = []
        self._running: dict[Future[StageFinished], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def busy(self) -> Collection[str]:
        """The stages that are being carried through."""
        return {*(effect.stage for effect in self._due), *self._running.values()}

    def start(self, effect: RunStage) -> None:
        """Let an attempt begin, at the latest when the next one is waited for."""
        self._due.append(effect)

    def next(self) -> tuple[str, StageFinished | Exception]:
        """Wait for the next attempt to end: its stage, and its end or what was raised.

        Signals are handled meanwhile, if this is the main thread.
        """
        if len(self._due) == 1 and not self._running:
            effect = self._due.pop()
            try:
                return effect.stage, self._carry_out(effect)
            except Exception as error:  # noqa: BLE001 - handed on, as from a thread
                return effect.stage, error
        self._submit()
        done = next(iter(wait(self._running, return_when=FIRST_COMPLETED).done))
        stage = self._running.pop(done)
        raised = done.exception()
        if raised is None:
            return stage, done.result()
        if not isinstance(raised, Exception):
            raise raised
        return stage, raised

    def _submit(self) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="stage")
        for effect in self._due:
            self._running[self._threads.submit(self._carry_out, effect)] = effect.stage
        self._due.clear()
