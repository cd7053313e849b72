"""What a person sees while a run goes on: live on a terminal, lines elsewhere."""

import sys
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from typing_extensions import override

from sluicegate.cli.output import write_line
from sluicegate.engine.toolbox import Observer
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    BlockObserved,
    CanaryReady,
    Event,
    RolloutStarted,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
    WeightConfirmed,
)
from sluicegate.model.finding import Finding
from sluicegate.report.duration import format_duration
from sluicegate.report.escape import escape
from sluicegate.report.plain import (
    MARK,
    describe,
    describe_finding,
    describe_rollout,
)

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN_FINDINGS = 20
_TAIL_LINES = 20
_STYLE = {
    Outcome.OPEN: "green",
    Outcome.CLOSED: "red",
    Outcome.PENDING: "yellow",
    Outcome.BROKEN: "magenta",
}


def build_observer(stream: TextIO) -> Observer:
    """Choose how to show progress on *stream*: live only where it is a terminal."""
    if not stream.isatty():
        return PlainObserver(stream)
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal

    return TerminalObserver(Console(file=stream, highlight=False))


class PlainObserver(Observer):
    """Every event and every line of the tools, as they come."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream

    @override
    def event(self, event: Event) -> None:
        text = describe(event)
        if text is not None:
            self._write(text)

    @override
    def line(self, stage: str, text: str) -> None:
        self._write(f"  {stage} | {escape(text)}")

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._write(f"  {stage}: {describe_finding(finding)}")

    def _write(self, text: str) -> None:
        write_line(text, self._stream)


class TerminalObserver(Observer):
    """One line a stage, a spinner for the current one, details where a gate closed."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._status = console.status("", spinner="dots")
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._findings: Sequence[Finding] = ()
        self._width = 5

    @override
    def event(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._width = max(len(stage.name) for stage in event.stages)
                self._console.print(f"[bold]{_plain(describe(event))}[/]")
            case RunResumed():
                self._console.print("resumed", style="bold")
            case StageStarted():
                self._tail.clear()
                self._findings = ()
                self._status.start()
                self._spin(event.stage, "")
            case StageFinished():
                self._status.stop()
                self._stage_finished(event)
            case StageSkipped():
                self._row("-", "dim", event.stage, f"not run: {event.reason}", "")
            case RunFinished():
                style = f"bold {_STYLE[event.outcome]}"
                self._console.print(_plain(describe(event)), style=style, markup=False)
            case RunInterrupted():
                self._status.stop()
            case CanaryReady() | WeightConfirmed() | BlockObserved():
                self._spin(event.stage, describe_rollout(event))
            case RolloutStarted():
                self._note(describe_rollout(event))
            case _:
                pass

    @override
    def line(self, stage: str, text: str) -> None:
        self._tail.append(text)
        self._spin(stage, text)

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self._findings = findings

    def _stage_finished(self, event: StageFinished) -> None:
        outcome = event.outcome
        took = format_duration(event.usage.wall_ms)
        self._row(MARK[outcome], _STYLE[outcome], event.stage, event.reason, took)
        if outcome is Outcome.OPEN:
            return
        for finding in self._findings[:_SHOWN_FINDINGS]:
            self._note(describe_finding(finding))
        hidden = len(self._findings) - _SHOWN_FINDINGS
        if hidden > 0:
            self._note(f"... and {hidden} more, in the stage's evidence")
        if not self._findings:
            for text in self._tail:
                self._note(text)

    def _row(self, mark: str, style: str, stage: str, text: str, took: str) -> None:
        from rich.markup import escape as literal  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=3, justify="right")
        table.add_column(width=self._width, no_wrap=True)
        table.add_column(ratio=1)
        table.add_column(justify="right", no_wrap=True)
        table.add_row(
            f"[{style}]{mark}[/]",
            f"[bold]{literal(stage)}[/]",
            literal(_plain(text)),
            f"[dim]{took}[/]",
        )
        self._console.print(table)

    def _note(self, text: str) -> None:
        from rich.padding import Padding  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        note = Text(_plain(text), style="dim")
        self._console.print(Padding(note, (0, 0, 0, self._width + 5)))

    def _spin(self, stage: str, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415

        room = max(10, self._console.width - self._width - 8)
        shown = _plain(text).strip()[:room]
        self._status.update(
            Text.assemble((f"{stage:<{self._width}} ", "bold"), (shown, "dim"))
        )


def _plain(text: str | None) -> str:
    return escape(text or "")
