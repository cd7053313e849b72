"""A release request on a terminal: in colours, wrapped; plain lines elsewhere."""

from collections.abc import Iterable
from typing import TextIO

from sluicegate.cli.output import write_line
from sluicegate.report.request import Line, Tone

_STYLE = {
    Tone.PLAIN: "",
    Tone.HEAD: "bold",
    Tone.DIM: "dim",
    Tone.GOOD: "green",
    Tone.BAD: "bold red",
    Tone.WARNING: "bold yellow",
}
_MOST_INDENT = 20


def show_lines(lines: Iterable[Line], stream: TextIO) -> None:
    """Write *lines* to *stream*."""
    if not stream.isatty():
        for line in lines:
            write_line(line.text, stream)
        return
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal
    from rich.padding import Padding  # noqa: PLC0415 - likewise
    from rich.text import Text  # noqa: PLC0415 - likewise

    console = Console(file=stream, highlight=False)
    for line in lines:
        text = line.text.lstrip(" ")
        if not text:
            console.print()
            continue
        # What does not fit goes on below its own beginning, never at the margin, where
        # it would look like a line of ours.
        indent = min(len(line.text) - len(text), _MOST_INDENT, console.width // 2)
        said = Text(text, _STYLE[line.tone])
        console.print(Padding(said, (0, 0, 0, indent), expand=False))
