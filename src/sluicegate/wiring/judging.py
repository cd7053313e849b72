"""A file of numbers for the judge alone, read line by line: it may be of any length.

It is read twice. All metrics share the chance of a false abort, so which there are has
to be known before the first of them can be judged.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from sluicegate.canary.lines import (
    EXAMPLE,
    MAX_LINE_BYTES,
    Line,
    parse_line,
    read_fields,
    read_metric,
)
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.standalone import Judge
from sluicegate.errors import UsageError

STANDARD_INPUT = "-"

_HINT = f"a line is one JSON object, like {EXAMPLE}"
_BOM = b"\xef\xbb\xbf"  # which editors and shells on Windows begin a file with


def judge_file(
    path: str,
    make: Callable[[Sequence[Metric]], Judge],
    *,
    weights: Mapping[str, float],
) -> Judge:
    """Judge all numbers in a file.

    Args:
        path: of the file; `STANDARD_INPUT` for that.
        make: makes a judge of these metrics.
        weights: of metrics, by name; each has to be in the file or is missing there,
            and 1 is that of all others.

    Raises:
        UsageError: the file cannot be read, or one of its lines; the message begins
            with the file and the line.
    """
    name = "standard input" if path == STANDARD_INPUT else path
    with _open(path, name) as file:
        start = file.tell()
        metrics, count = _declare(file, name)
        for missing in weights.keys() - metrics.keys():
            metrics[missing] = replace(ERRORS, name=missing)
        judge = make(
            [
                replace(metric, weight=weights.get(metric.name, 1.0))
                for metric in metrics.values() or [ERRORS]
            ]
        )
        file.seek(start)
        for number, line in _lines(file, name):
            if number > count:  # it was written to meanwhile
                break
            with _placed(name, number):
                judge.add_line(line)
    judge.finish()
    return judge


def read_lines(path: str) -> list[Line]:
    """All numbers in a file, to be looked at as a whole.

    Raises:
        UsageError: as with `judge_file`.
    """
    name = "standard input" if path == STANDARD_INPUT else path
    found = []
    with _open(path, name) as file:
        for number, line in _lines(file, name):
            with _placed(name, number):
                found.append(parse_line(line))
    return found


def _declare(file: BinaryIO, name: str) -> tuple[dict[str, Metric], int]:
    """The metrics in *file*, and how many lines it has."""
    metrics: dict[str, Metric] = {}
    number = 0
    for number, line in _lines(file, name):
        with _placed(name, number):
            metric = read_metric(read_fields(line))
            if metrics.setdefault(metric.name, metric) != metric:
                raise UsageError(
                    f"metric {metric.name!a} is of another kind, or counts by another"
                    " list, than above"
                )
    return metrics, number


def _lines(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        with _placed(name, number):
            if len(line) > MAX_LINE_BYTES:
                raise UsageError(f"a line of more than {MAX_LINE_BYTES} bytes")
        if number == 1:
            line = line.removeprefix(_BOM)
        if not line.isspace() and line:
            yield number, line


@contextmanager
def _placed(name: str, number: int) -> Iterator[None]:
    """Begin what is wrong with the place where."""
    try:
        yield
    except UsageError as error:
        raise UsageError(
            f"{name}:{number}: {error}", hint=error.hint or _HINT
        ) from error


@contextmanager
def _open(path: str, name: str) -> Iterator[BinaryIO]:
    """Open *path* for reading twice; a pipe is kept in a temporary file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with ExitStack() as stack:
            source: BinaryIO = sys.stdin.buffer
            if path != STANDARD_INPUT:
                source = stack.enter_context(Path(path).open("rb"))
            if not source.seekable():
                pipe, source = source, stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(pipe, source)
                source.seek(0)
            yield source
    except OSError as error:
        raise UsageError(
            f"cannot read {name}: {os.strerror(error.errno or 0)}",
            hint="name a file of JSON lines, or - for standard input",
        ) from error
