"""A line on a terminal that says how far a long check is."""

import sys
from types import TracebackType
from typing import Self, TextIO

_LONG = 20_000  # entries: some seconds
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Shows a percentage on standard error, if that is a terminal, and takes it away.

    It is written once a percent: no clock is needed to write seldom enough.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = -1

    def __enter__(self) -> Self:
        """Begin with nothing shown."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no trace, whatever happened."""
        if self._shown >= 0:
            self._write(_CLEAR)

    def show(self, done: int, total: int) -> None:
        """Say that *done* of *total* entries have been checked."""
        percent = 100 * done // max(total, 1)
        if total >= _LONG and percent != self._shown and self._stream.isatty():
            self._shown = percent
            self._write(f"{_CLEAR}checking {total} entries: {percent} %")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
