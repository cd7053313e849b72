"""A run as lines of text, and what whoever shows a run must be able to."""

import sys
from collections.abc import Sequence
from typing import Protocol, TextIO

from typing_extensions import override

from sluicegate.cli.output import tell_that_it_stops, write_line
from sluicegate.engine.toolbox import Observer
from sluicegate.model.event import (
    Event,
    RunInterrupted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.finding import Finding
from sluicegate.report.attempts import Attempts
from sluicegate.report.escape import escape
from sluicegate.report.plain import describe, describe_finding


class Progress(Observer, Protocol):
    """Shows a run; what several stages say at once, it hears one after the other."""

    def tell_that_it_stops(self) -> None:
        """Say that a request to stop was heard. Called in a signal handler."""
        ...

    def close(self) -> None:
        """Give the terminal back, however the run ended."""
        ...


class PlainObserver(Progress):
    """Every event and every line of the tools, as they come, each with its stage."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._attempts = Attempts()

    @override
    def event(self, event: Event) -> None:
        self._attempts.see(event)
        text = self._describe(event)
        if text is not None:
            self._write(text)

    def _describe(self, event: Event) -> str | None:
        match event:
            case StageStarted() if said := self._attempts.describe_start(event):
                return f"{event.stage}: started, {said}"
            case StageFinished() if said := self._attempts.announce_next(event):
                return f"{describe(event)}; {said}"
            case RunInterrupted() if self._attempts.running:
                return f"interrupted in {', '.join(self._attempts.running)}"
            case _:
                return describe(event)

    @override
    def line(self, stage: str, text: str) -> None:
        self._write(f"  {stage} | {escape(text)}")

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._write(f"  {stage}: {describe_finding(finding)}")

    @override
    def tell_that_it_stops(self) -> None:
        tell_that_it_stops()

    @override
    def close(self) -> None:
        """Nothing was taken."""

    def _write(self, text: str) -> None:
        write_line(text, self._stream)
