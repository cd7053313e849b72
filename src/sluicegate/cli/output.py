"""Writing to people and pipes: what cannot be shown must not change what happens."""

import errno
import io
import os
import select
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

import click

from sluicegate.errors import PermanentError
from sluicegate.report.escape import escape

_PART = 400  # characters: at most 4000 bytes, for which a pipe with room has room
_LOOK_MS = 100
_PATIENCE_LOOKS = 3  # how long a reader that reads nothing may keep us from stopping
_ASKED_TO_STOP: list[bool] = []  # a signal handler may append, and take no lock
_STOPPING = b"\nstopping, and saving the state; once more to stop at once\n"


def use_what_the_terminal_has() -> None:
    """Write characters that standard output lacks as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_line(text: str, stream: TextIO) -> None:
    """Write a line at once; once *stream* takes no more, write nothing.

    A reader that reads nothing, a pager for instance, holds everything up, until the
    process is asked to stop.
    """
    line = f"{text}\n"
    try:
        for start in range(0, len(line), _PART):
            _await_room_of(stream)
            stream.write(line[start : start + _PART])
            stream.flush()
    except OSError:
        _point_nowhere(stream)


def write_bytes(data: bytes, place: int) -> None:
    """Write all of *data* to the file descriptor *place*, like `write_line`.

    Raises:
        OSError: it takes no more.
        TimeoutError: asked to stop, and nobody reads.
    """
    rest = memoryview(data)
    while rest:
        _await_room(place)
        rest = rest[os.write(place, rest[:_PART]) :]


def _await_room_of(stream: TextIO) -> None:
    try:
        place = stream.fileno()
    except io.UnsupportedOperation:
        return
    _await_room(place)


def _await_room(place: int) -> None:
    """Wait until writing would not block.

    Raises:
        TimeoutError: asked to stop, and nobody reads.
    """
    looks = 0
    while not _has_room(place, _LOOK_MS):
        looks += bool(_ASKED_TO_STOP)
        if looks > _PATIENCE_LOOKS:
            raise TimeoutError(errno.ETIMEDOUT, "nobody reads them")


def _has_room(place: int, wait_ms: int) -> bool:
    if not hasattr(select, "poll"):
        return True  # Windows, where nothing runs for long
    poll = select.poll()
    poll.register(place, select.POLLOUT)
    return bool(poll.poll(wait_ms))


def write_result(text: str) -> bool:
    """Write to standard output what the command is for.

    Returns:
        Whether more is wanted: a reader like ``head`` may have gone.

    Raises:
        PermanentError: it cannot be written; that nobody wants to read it is no error.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _point_nowhere(sys.stdout)
        return False
    except OSError as error:
        _point_nowhere(sys.stdout)
        raise PermanentError(f"cannot write the result: {error.strerror}") from error
    return True


def write_raw(data: bytes) -> None:
    """Write bytes to standard output as they are.

    Raises:
        PermanentError: they cannot be written; that nobody wants them is no error.
    """
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        _point_nowhere(sys.stdout)
    except OSError as error:
        _point_nowhere(sys.stdout)
        raise PermanentError(f"cannot write the result: {error.strerror}") from error


def warn(lines: Iterable[str]) -> None:
    """Write what a person should know and nothing depends on."""
    label = click.style("warning:", fg="yellow", bold=True)
    for line in lines:
        with suppress(OSError):
            click.echo(f"{label} {escape(line)}", err=True)


def lose_patience() -> None:
    """From now on, wait for no reader that reads nothing."""
    _ASKED_TO_STOP.append(True)


def tell_that_it_stops() -> None:
    """Say that Ctrl-C was heard. In a signal handler only bytes are safe."""
    lose_patience()
    with suppress(OSError):
        if _has_room(2, 0):
            os.write(2, _STOPPING)


def _point_nowhere(stream: TextIO) -> None:
    """Let later writes, those of the interpreter's end included, succeed.

    Source:
        https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
