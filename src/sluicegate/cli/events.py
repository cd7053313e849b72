"""``--events FILE``: every entry of a run as a line of JSON, as it is recorded."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sluicegate.cli.output import warn, write_bytes
from sluicegate.errors import UsageError

_STANDARD_OUTPUT = "-"


@contextmanager
def event_stream(name: str | None) -> Iterator[Callable[[bytes], None]]:
    """Open *name* to write entries to; None writes nothing, ``-`` is standard output.

    A file is begun anew. Once it takes no more, that is said, and the run goes on.

    Raises:
        UsageError: the file cannot be opened.
    """
    if name is None:
        yield lambda _entry: None
        return
    if name == _STANDARD_OUTPUT:
        yield _Writer(name, sys.stdout.fileno())
        return
    try:
        file = Path(name).open("wb", buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(
            f"cannot write the events to {name}: {error.strerror}",
            hint="name a file in a folder that exists, or - for standard output",
        ) from error
    with file:
        yield _Writer(name, file.fileno())


class _Writer:
    """Writes lines to a file descriptor until that fails."""

    def __init__(self, name: str, place: int) -> None:
        self._name = name
        self._place = place
        self._broken = False

    def __call__(self, entry: bytes) -> None:
        if self._broken:
            return
        try:
            write_bytes(entry + b"\n", self._place)
        except OSError as error:
            self._broken = True
            warn([f"no more events in {self._name}: {error.strerror}"])
