"""The live lines of a run on a terminal: stages that go on, rollouts below theirs."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.spinner import Spinner
from rich.text import Text

from sluicegate.cli.live_rollout import LiveRollouts
from sluicegate.cli.rows import cut
from sluicegate.model.finding import Finding
from sluicegate.report.duration import format_duration
from sluicegate.report.escape import escape

SHORTEST = 5
"""Columns for a name, at least."""

_TAIL_LINES = 20
_TOOK = 10  # columns for a length of time: 5 min 05 s
_LINES_LEFT = 2  # of the terminal, for what stands above
_STOPPING = "stopping, and saving the state; once more to stop at once"


@dataclass
class LiveStage:
    """A stage that goes on. ``since`` is in seconds of the console's clock."""

    name: str
    since: float
    said: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    findings: Sequence[Finding] = ()
    is_waiting: bool = False


class LiveStages:
    """The live lines. The thread that refreshes them reads what others have set."""

    def __init__(self, console: Console, rollouts: LiveRollouts) -> None:
        self.stages: tuple[LiveStage, ...] = ()
        self.width = SHORTEST
        self.is_stopping = False
        frames = "line" if console.options.ascii_only else "dots"
        self._spinner = Spinner(frames, style="cyan")
        self._rollouts = rollouts

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        now = console.get_time()
        room = max(1, console.height - _LINES_LEFT)
        stages = self.stages
        if len(stages) > room:
            shown, hidden = stages[: room - 1], len(stages) - room + 1
        else:
            shown, hidden = stages, 0
        spare = room - len(shown) - (hidden > 0) - self.is_stopping
        for stage in shown:
            yield self._line(stage, now, options.max_width)
            below = self._rollouts.lines(stage.name, options.max_width)
            if len(below) <= spare:  # all of it or none
                yield from below
                spare -= len(below)
        if hidden:
            yield Text(f"  ... and {hidden} more", style="dim")
        if self.is_stopping:
            yield Text(
                _STOPPING, style="bold yellow", overflow="ellipsis", no_wrap=True
            )

    def _line(self, stage: LiveStage, now: float, width: int) -> Text:
        frame = self._spinner.render(now)
        mark = frame if isinstance(frame, Text) else Text(" ")
        took = format_duration(round(max(0.0, now - stage.since) * 1000))
        line = head_of(mark, stage.name, took, self.width)
        style = "yellow" if stage.is_waiting else "dim"
        said = stage.said.strip()[:width]
        if said and line.cell_len + 2 < width:
            line.append("  ").append_text(said_as(said, style))
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
        return line


def head_of(mark: Text, stage: str, took: str, width: int) -> Text:
    """Mark, name and time; a name that has no room is cut."""
    name = cut(stage, width)
    return Text.assemble(mark, " ", (name, "bold"), " ", (f"{took:>{_TOOK}}", "dim"))


def room_for_names(console: Console) -> int:
    """Columns that names may take."""
    return max(SHORTEST, console.width - _TOOK - len("✓  "))


def said_as(text: str, style: str) -> Text:
    """What a program or a stage said, made harmless."""
    return Text(plainly(text), style=style)


def plainly(text: str | None) -> str:
    """*text*, made harmless; empty for None."""
    return escape(text or "")
