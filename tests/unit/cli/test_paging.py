"""Unit tests of writing many lines."""

import os
import sys
from collections.abc import Iterator

import pytest

from sluicegate.cli.paging import write_lines


def test_a_reader_that_has_gone_stops_the_writing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def lines() -> Iterator[str]:
        for number in range(1000):
            asked.append(number)
            yield str(number)

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        count = write_lines(lines())

    assert (asked, count) == ([0], 1)
