"""A run on a terminal: stages that ended above, a live line for each that goes on."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text
from typing_extensions import override

from sluicegate.cli.lines import Progress
from sluicegate.cli.output import lose_patience, tell_that_it_stops
from sluicegate.cli.rows import cut, stage_row
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    EntryEvent,
    EnvironmentEntered,
    Event,
    PublishConfirmed,
    PublishRequested,
    ReleaseRequested,
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
from sluicegate.report.attempts import Attempts
from sluicegate.report.duration import format_duration
from sluicegate.report.entering import describe_entry
from sluicegate.report.escape import escape
from sluicegate.report.plain import (
    MARK,
    describe,
    describe_finding,
    describe_publish,
    describe_rollout,
)

STYLE = {
    Outcome.OPEN: "green",
    Outcome.CLOSED: "red",
    Outcome.PENDING: "yellow",
    Outcome.BROKEN: "magenta",
}
_SHOWN_FINDINGS = 20
_TAIL_LINES = 20
_REFRESHED = 8  # times a second
_TOOK = 10  # columns for a length of time: 5 min 05 s
_SHORTEST = 5  # columns for a name
_LINES_LEFT = 2  # of the terminal, for what stands above
_STOPPING = "stopping, and saving the state; once more to stop at once"


@dataclass
class _Stage:
    """A stage that goes on. ``since`` is in seconds of the console's clock."""

    name: str
    since: float
    said: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    findings: Sequence[Finding] = ()
    is_waiting: bool = False


class TerminalObserver(Progress):
    """A row for a stage that ended, with details where its gate did not open."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._attempts = Attempts()
        self._longest = _SHORTEST
        self._stages: dict[str, _Stage] = {}
        self._shown = _Running(console)
        self._live: Live | None = None

    @override
    def event(self, event: Event) -> None:  # noqa: C901 - one line an event
        self._attempts.see(event)
        match event:
            case RunStarted():
                names = (len(stage.name) for stage in event.stages)
                self._longest = max(names, default=_SHORTEST)
                self._print(Text(_plain(describe(event)), style="bold"))
            case RunResumed():
                self._print(Text("resumed", style="bold"))
            case StageStarted():
                self._begin(event)
            case StageFinished():
                self._end(event)
            case StageSkipped():
                self._row(
                    "-", "dim", event.stage, "skipped", _said(event.reason, "dim")
                )
            case RunFinished():
                self.close()
                style = f"bold {STYLE[event.outcome]}"
                self._print(Text(_plain(describe(event)), style=style))
            case RunInterrupted():
                self._cut_off()
            case CanaryReady() | WeightConfirmed() | BlockObserved():
                self._say(event.stage, describe_rollout(event))
            case RolloutStarted() | CanaryJudged():
                self._note(event.stage, describe_rollout(event))
            case PublishRequested() | PublishConfirmed():
                self._note(event.stage, describe_publish(event))
            case ReleaseRequested() | EnvironmentEntered():
                self._tell_entry(event)
            case _:
                pass

    @override
    def line(self, stage: str, text: str) -> None:
        self._say(stage, text)
        self._stages[stage].tail.append(text)

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        if stage in self._stages:
            self._stages[stage].findings = findings

    @override
    def tell_that_it_stops(self) -> None:
        if self._live is None:
            tell_that_it_stops()
        else:
            lose_patience()
            self._shown.is_stopping = True  # the next refresh shows it

    @override
    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    @property
    def _width(self) -> int:
        return min(self._longest, _room_for_names(self._console))

    def _begin(self, event: StageStarted) -> None:
        said = self._attempts.describe_start(event)
        stage = _Stage(event.stage, self._console.get_time(), said)
        self._stages[event.stage] = stage
        self._update()

    def _say(self, stage: str, text: str) -> None:
        """Show what a stage says; before any has begun, setting up is no stage."""
        if stage not in self._stages:
            self._stages[stage] = _Stage(stage, self._console.get_time())
            self._update()
        self._stages[stage].said = text

    def _end(self, event: StageFinished) -> None:
        stage = self._stages.pop(event.stage, None) or _Stage(event.stage, 0)
        again = self._attempts.announce_next(event)
        if again:
            waiting = _Stage(event.stage, self._console.get_time(), again)
            waiting.is_waiting = True
            self._stages[event.stage] = waiting
        running = self._attempts.running
        for name in [n for n, s in self._stages.items() if not s.is_waiting]:
            if name not in running:
                del self._stages[name]
        self._update()
        self._tell_end(event, again)
        if event.outcome is not Outcome.OPEN and not again:
            self._tell_why(stage)

    def _tell_end(self, event: StageFinished, again: str) -> None:
        is_cached = event.cached is not None
        took = "cached" if is_cached else format_duration(event.usage.wall_ms)
        said = _said(event.reason, "dim" if is_cached else "")
        if again:
            said.append(f"; {again}", style="yellow")
        mark, style = MARK[event.outcome], STYLE[event.outcome]
        self._row(mark, style, event.stage, took, said)

    def _tell_entry(self, event: EntryEvent) -> None:
        said = describe_entry(event)
        if isinstance(event, EnvironmentEntered) and event.override:
            self._row("!", "bold red", event.stage, "", _said(said, "bold red"))
        else:
            self._note(event.stage, said)

    def _tell_why(self, stage: _Stage) -> None:
        for finding in stage.findings[:_SHOWN_FINDINGS]:
            self._detail(describe_finding(finding))
        hidden = len(stage.findings) - _SHOWN_FINDINGS
        if hidden > 0:
            self._detail(f"... and {hidden} more, in the stage's evidence")
        if not stage.findings:
            for text in stage.tail:
                self._detail(text)

    def _cut_off(self) -> None:
        now = self._console.get_time()
        stages = [s for s in self._stages.values() if s.name in self._attempts.running]
        self.close()
        for stage in stages:
            took = format_duration(round((now - stage.since) * 1000))
            self._row("!", "yellow", stage.name, took, _said("cut off", "yellow"))
        self._stages.clear()
        self._update()
        self._print(Text("interrupted", style="bold yellow"))

    def _update(self) -> None:
        """Show the stages as they are; without any, the terminal is left alone."""
        self._shown.stages = tuple(self._stages.values())
        self._shown.width = self._width
        if not self._stages:
            self.close()
        elif self._live is None:
            self._live = Live(
                self._shown,
                console=self._console,
                refresh_per_second=_REFRESHED,
                transient=True,
            )
            self._live.start()

    def _row(self, mark: str, style: str, stage: str, took: str, said: Text) -> None:
        head = _head(Text(mark, style), stage, took, self._width)
        self._print(stage_row(head, said, self._console.width))

    def _note(self, stage: str, text: str) -> None:
        self._row(" ", "", stage, "", _said(text, "dim"))

    def _detail(self, text: str) -> None:
        self._print(Padding(_said(text, "dim"), (0, 0, 0, 4)))

    def _print(self, what: object) -> None:
        self._console.print(what)


class _Running:
    """The live lines. The thread that refreshes them reads what others have set."""

    def __init__(self, console: Console) -> None:
        self.stages: tuple[_Stage, ...] = ()
        self.width = _SHORTEST
        self.is_stopping = False
        frames = "line" if console.options.ascii_only else "dots"
        self._spinner = Spinner(frames, style="cyan")

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
        yield from self._lines(shown, now, options.max_width)
        if hidden:
            yield Text(f"  ... and {hidden} more", style="dim")
        if self.is_stopping:
            yield Text(
                _STOPPING, style="bold yellow", overflow="ellipsis", no_wrap=True
            )

    def _lines(
        self, stages: Iterable[_Stage], now: float, width: int
    ) -> Iterable[Text]:
        for stage in stages:
            frame = self._spinner.render(now)
            mark = frame if isinstance(frame, Text) else Text(" ")
            took = format_duration(round(max(0.0, now - stage.since) * 1000))
            line = _head(mark, stage.name, took, self.width)
            style = "yellow" if stage.is_waiting else "dim"
            said = stage.said.strip()[:width]
            if said and line.cell_len + 2 < width:
                line.append("  ").append_text(_said(said, style))
            line.truncate(width, overflow="ellipsis")
            line.no_wrap = True
            yield line


def _head(mark: Text, stage: str, took: str, width: int) -> Text:
    """Mark, name and time; a name that has no room is cut."""
    name = cut(stage, width)
    return Text.assemble(mark, " ", (name, "bold"), " ", (f"{took:>{_TOOK}}", "dim"))


def _room_for_names(console: Console) -> int:
    return max(_SHORTEST, console.width - _TOOK - len("✓  "))


def _said(text: str, style: str) -> Text:
    return Text(_plain(text), style=style)


def _plain(text: str | None) -> str:
    return escape(text or "")
