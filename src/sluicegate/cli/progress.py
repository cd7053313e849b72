"""What a person sees while a run goes on: live on a terminal, lines elsewhere."""

from typing import TextIO

from sluicegate.cli.lines import PlainObserver, Progress
from sluicegate.stages.pipeline import Pipeline


def build_observer(stream: TextIO, pipeline: Pipeline | None = None) -> Progress:
    """Choose how to show progress on *stream*: live only where it is a terminal.

    *pipeline* says what its rollouts go by; None where it is not known.
    """
    if not stream.isatty():
        return PlainObserver(stream)
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal

    from sluicegate.cli.live import TerminalObserver  # noqa: PLC0415 - likewise
    from sluicegate.report.rollout_terms import (  # noqa: PLC0415 - likewise
        terms_by_stage,
    )

    console = Console(file=stream, highlight=False)
    if console.is_dumb_terminal:
        return PlainObserver(stream)
    terms = {} if pipeline is None else terms_by_stage(pipeline)
    return TerminalObserver(console, terms)
