"""Numbers of both releases from a file of JSON lines that grows.

Each line is what was counted in the interval that ends at its time; their sum is what
was counted so far. A last line without its newline is being written, and not there yet.

Traps:
    The file must only grow. One that was cut or written anew would have counted less
    than before, which looks like a restart, and lines would count twice: so it is
    refused for as long as this process knows what it began with.
"""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import override

from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.rollout import Release
from sluicegate.ports.metrics import MetricSource, Reading

_MAX_BYTES = 256 << 20
_EARLIEST = 1e9  # seconds: in 2001; a smaller time is not one of Unix
_LATEST = 1e11  # seconds: in 5138; a greater one is in milliseconds

ReadLine = Callable[[bytes], tuple[float, Pair] | None]
"""The time (seconds since 1970) and the numbers of a line; None if of another metric.

Raises UsageError for what is no line.
"""


class JsonLinesSource(MetricSource):
    """The lines of *path* that *read_line* reads, *width* numbers each."""

    def __init__(self, path: Path, read_line: ReadLine, width: int) -> None:
        self._path, self._read_line, self._width = path, read_line, width
        self._known = 0
        self._digest = hashlib.sha256().digest()

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        del stable, canary  # the file says which is which
        data = self._load()
        self._check_grown(data)
        nothing = Tally.nothing(self._width)
        total, newest = Pair(nothing, nothing), since.timestamp()
        begin = newest
        for number, line in enumerate(data.split(b"\n")[:-1], start=1):
            try:
                found = self._read(line)
            except UsageError as error:
                raise PermanentError(
                    f"{self._path}:{number}: {error}", hint=error.hint
                ) from error
            if found is not None and found[0] > begin:
                total += found[1]
                newest = max(newest, found[0])
        return Reading(datetime.fromtimestamp(newest, UTC), total)

    def _read(self, line: bytes) -> tuple[float, Pair] | None:
        found = self._read_line(line) if line.strip() else None
        if found is not None and not _EARLIEST <= found[0] < _LATEST:
            raise UsageError("t must be a Unix time, in seconds since 1970")
        return found

    def _load(self) -> bytes:
        if self._path.is_fifo():  # which would be waited for
            raise PermanentError(f"{self._path} is a pipe, and must be a file")
        try:
            with self._path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            raise TransientError(
                f"cannot read {self._path}: {os.strerror(error.errno or 0)}"
            ) from error
        if len(data) > _MAX_BYTES:
            raise PermanentError(
                f"{self._path} is longer than {_MAX_BYTES >> 20} MiB",
                hint="write a new file for each rollout, or longer intervals",
            )
        return data[: data.rfind(b"\n") + 1]

    def _check_grown(self, data: bytes) -> None:
        """See to it that *data* begins with all that was read before."""
        before = hashlib.sha256(data[: self._known]).digest()
        if len(data) < self._known or before != self._digest:
            raise PermanentError(
                f"{self._path} was cut or written anew since it was last read",
                hint="let it only grow while a rollout is under way",
            )
        self._known = len(data)
        self._digest = hashlib.sha256(data).digest()
