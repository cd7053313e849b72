"""What a person sees while a run goes on: live on a terminal, lines elsewhere."""

from typing import TextIO

from sluicegate.cli.lines import PlainObserver, Progress


def build_observer(stream: TextIO) -> Progress:
    """Choose how to show progress on *stream*: live only where it is a terminal."""
    if not stream.isatty():
        return PlainObserver(stream)
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal

    from sluicegate.cli.live import TerminalObserver  # noqa: PLC0415 - likewise

    console = Console(file=stream, highlight=False)
    if console.is_dumb_terminal:
        return PlainObserver(stream)
    return TerminalObserver(console)
