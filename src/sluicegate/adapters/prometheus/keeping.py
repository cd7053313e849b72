"""Keeping a file of metrics up to date while something goes on.

It is written in a thread, so that a slow disk delays no run: soon after something has
changed, and now and then, for what grows by itself.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from sluicegate.adapters.prometheus.textfile import write_textfile
from sluicegate.errors import PermanentError

_AGAIN_SECONDS = 15.0  # half of how often the node exporter is commonly scraped
_CALM_SECONDS = 1.0  # between two writes


class KeptTextfile:
    """Writes *page* to *path*, until it is told that everything is over."""

    def __init__(self, path: Path, page: Callable[[], bytes]) -> None:
        self._path, self._page = path, page
        self._changed = threading.Event()
        self._over = threading.Event()
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def touch(self) -> None:
        """Something has changed. Returns at once."""
        self._changed.set()

    def end(self) -> None:
        """Everything is over: write a last time. Returns at once."""
        self._over.set()
        self._changed.set()

    def finish(self, wait_seconds: float) -> str | None:
        """Wait for the last write; what went wrong with it."""
        self.end()
        self._thread.join(wait_seconds)
        if self._thread.is_alive():
            return f"the metrics were not written to {self._path}: it takes too long"
        return self._trouble

    def _keep(self) -> None:
        while not self._over.is_set():
            self._changed.wait(_AGAIN_SECONDS)
            self._changed.clear()
            if not self._over.is_set():
                self._write()
            self._over.wait(_CALM_SECONDS)
        self._write()

    def _write(self) -> None:
        try:
            write_textfile(self._path, self._page())
        except PermanentError as error:
            self._trouble = str(error)
        except Exception as error:  # noqa: BLE001 - nobody is told of it by a traceback
            self._trouble = (
                f"the metrics were not written to {self._path}: {type(error).__name__}"
            )
        else:
            self._trouble = None
