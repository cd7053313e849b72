"""Writing to people and pipes: what cannot be shown must not change what happens."""

import io
import os
import sys
from typing import TextIO


def use_what_the_terminal_has() -> None:
    """Write characters that standard output lacks as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_line(text: str, stream: TextIO) -> None:
    """Write a line at once; once nobody reads *stream* any more, write nothing.

    Source:
        https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
