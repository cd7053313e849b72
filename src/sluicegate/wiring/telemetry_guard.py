"""Keeps what is done for telemetry from harming a run: errors stay here, and time."""

import threading
from collections.abc import Callable
from typing import TypeVar

from sluicegate.adapters.telemetry.exporter import PATIENCE_SECONDS, Patience

_T = TypeVar("_T")


class Guard:
    """Lets things be attempted, one at a time, until one fails or time is up.

    All that runs in the threads of a run is counted, not only the waiting.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self.fault = ""

    @property
    def spent_seconds(self) -> float:
        """What a run has lost so far."""
        return self._patience.spent_seconds

    def attempt(self, act: Callable[[], _T], otherwise: _T) -> _T:
        """What *act* returns; *otherwise* if it fails, or nothing is tried any more."""
        with self._lock:
            if self.fault:
                return otherwise
            if not self._patience.left_seconds:
                self.fault = f"it took more than {PATIENCE_SECONDS:g} s"
                return otherwise
            return self._try(act, otherwise)

    def at_last(self, act: Callable[[float], _T], otherwise: _T) -> _T:
        """As `attempt`, whatever was before; *act* is told the seconds left."""
        with self._lock:
            return self._try(lambda: act(self._patience.left_seconds), otherwise)

    def _try(self, act: Callable[[], _T], otherwise: _T) -> _T:
        with self._patience.spending():
            try:
                return act()
            except Exception as error:  # noqa: BLE001 - telling must not change a run
                self.fault = f"it failed ({type(error).__name__})"
                return otherwise
