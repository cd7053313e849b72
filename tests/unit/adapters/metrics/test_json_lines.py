"""Unit tests of `sluicegate.adapters.metrics.json_lines`."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_service import CANARY, STABLE

from sluicegate.adapters.metrics.json_lines import JsonLinesSource
from sluicegate.errors import ExternalError, PermanentError, TransientError, UsageError
from sluicegate.model.metric import Pair, Tally
from sluicegate.ports.metrics import Reading

SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGIN = int(SINCE.timestamp())


def read_line(line: bytes) -> tuple[float, Pair] | None:
    """A line of this test: the time, and requests of both."""
    if line == b"other":
        return None
    if line == b"bad":
        raise UsageError("cannot be read")
    time, stable, canary = map(int, line.split())
    return float(time), Pair(Tally(stable, (0,)), Tally(canary, (0,)))


class Growing:
    """A file that is written to, and its source."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.jsonl"
        self.source = JsonLinesSource(self.path, read_line, 1)

    def write(self, text: str, mode: str = "a") -> None:
        with self.path.open(mode) as file:
            file.write(text)

    def read(self) -> Reading:
        return self.source.read(STABLE, CANARY, SINCE)

    def counts(self) -> tuple[int, int]:
        pair = self.read().pair
        return pair.stable.n, pair.canary.n


@pytest.fixture
def growing(tmp_path: Path) -> Growing:
    return Growing(tmp_path)


def test_lines_after_the_beginning_are_added_up(growing: Growing) -> None:
    growing.write(f"{BEGIN} 1000 100\n{BEGIN + 60} 90 10\n\nother\n{BEGIN + 120} 9 1\n")

    assert growing.counts() == (99, 11)
    assert growing.read().at == SINCE + timedelta(seconds=120)


def test_an_empty_file_has_counted_nothing(growing: Growing) -> None:
    growing.write("")

    assert growing.counts() == (0, 0)
    assert growing.read().at == SINCE


def test_a_line_that_is_being_written_is_not_there_yet(growing: Growing) -> None:
    growing.write(f"{BEGIN + 60} 90 10\n{BEGIN + 120} 9")
    assert growing.counts() == (90, 10)

    growing.write("9 1\n")
    assert growing.counts() == (189, 11)


@pytest.mark.parametrize("text", ["", "{0} 90 10\n", "{1} 90 10\n{1} 99 1\n{1} 1 1\n"])
def test_a_file_that_was_cut_or_written_anew_is_refused(
    growing: Growing, text: str
) -> None:
    growing.write(f"{BEGIN + 60} 90 10\n{BEGIN + 120} 9 1\n")
    growing.read()

    growing.write(text.format(BEGIN + 60, BEGIN + 61), "w")

    for _ in range(2):  # and stays refused
        with pytest.raises(PermanentError, match="cut or written anew"):
            growing.read()


@pytest.mark.parametrize("line", ["bad", "60 90 10"])
def test_a_line_that_is_none_is_named(growing: Growing, line: str) -> None:
    growing.write(f"{BEGIN + 60} 90 10\n{line}\n")

    with pytest.raises(PermanentError, match=r"metrics.jsonl:2: "):
        growing.read()


def test_a_file_that_is_not_there_is_waited_for(growing: Growing) -> None:
    with pytest.raises(TransientError, match=r"metrics.jsonl: No such file"):
        growing.read()
    growing.path.mkdir()
    with pytest.raises(ExternalError, match="Is a directory"):
        growing.read()
    growing.path.rmdir()
    growing.write(f"{BEGIN + 60} 90 10\n")
    assert growing.counts() == (90, 10)


def test_a_file_has_a_size(growing: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluicegate.adapters.metrics.json_lines._MAX_BYTES", 1 << 20)
    growing.write("\n" * (1 << 21))
    with pytest.raises(PermanentError, match="longer than 1 MiB"):
        growing.read()


def test_a_time_in_milliseconds_is_refused(growing: Growing) -> None:
    growing.write(f"{BEGIN + 60}000 100 10\n")

    with pytest.raises(PermanentError, match="in seconds since 1970"):
        growing.read()


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(growing: Growing) -> None:
    os.mkfifo(growing.path)

    with pytest.raises(PermanentError, match="is a pipe"):
        growing.read()
