"""Writing many lines: through a pager where a person would have to scroll back."""

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import TextIO

import click

from sluicegate.cli.output import write_result

_MARGIN = 2  # lines for the prompt and what is said at the end


def write_lines(lines: Iterable[str]) -> int:
    """Write *lines* as they come; through ``$PAGER`` on a terminal that is too low.

    Returns:
        How many were written, as far as anybody wanted them.

    Raises:
        PermanentError: they cannot be written.
    """
    counter = _Counter(lines)
    if not _has_terminal(sys.stdin) or not _has_terminal(sys.stdout):
        for line in counter:
            if not write_result(line):
                break  # a reader like `head` has seen enough of a long log
        return counter.count
    height = shutil.get_terminal_size().lines - _MARGIN
    begin = list(islice(counter, max(height, 1)))
    rest = iter(counter)
    more = next(rest, None)
    if more is None:
        for line in begin:
            write_result(line)
    else:
        with suppress(BrokenPipeError):
            whole = chain(begin, [more], rest)
            click.echo_via_pager(f"{line}\n" for line in whole)
    return counter.count


class _Counter:
    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.count += 1
            yield line


def _has_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()
