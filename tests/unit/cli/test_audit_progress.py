"""Unit tests of `sluicegate.cli.audit.progress`."""

import io

import pytest
from typing_extensions import override

from sluicegate.cli.audit.progress import ProgressLine


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    @override
    def isatty(self) -> bool:
        return True


def check(stream: io.StringIO, total: int) -> str:
    with ProgressLine(stream) as line:
        for done in range(0, total + 1, 256):
            line.show(done, total)
    return stream.getvalue()


def test_a_long_check_shows_every_percent_once_and_cleans_up() -> None:
    shown = check(Terminal(), 256_000).split("\r\x1b[K")

    assert shown == [
        "",
        *(f"checking 256000 entries: {percent} %" for percent in range(101)),
        "",
    ]


@pytest.mark.parametrize(
    ("stream", "total"), [(Terminal(), 0), (Terminal(), 2560), (io.StringIO(), 256_000)]
)
def test_short_checks_and_pipes_see_nothing(stream: io.StringIO, total: int) -> None:
    assert check(stream, total) == ""


def break_off(stream: io.StringIO) -> None:
    with ProgressLine(stream) as line:
        line.show(128_000, 256_000)
        raise KeyboardInterrupt


def test_the_line_goes_away_when_the_check_is_broken_off() -> None:
    stream = Terminal()

    with pytest.raises(KeyboardInterrupt):
        break_off(stream)

    assert stream.getvalue().endswith("50 %\r\x1b[K")
