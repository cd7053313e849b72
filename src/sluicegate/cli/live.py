"""A run on a terminal: stages that ended above, a live line for each that goes on."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.text import Text
from typing_extensions import override

from sluicegate.cli.lines import Progress
from sluicegate.cli.live_rollout import LiveRollouts
from sluicegate.cli.live_stages import (
    SHORTEST,
    LiveStage,
    LiveStages,
    head_of,
    plainly,
    room_for_names,
    said_as,
)
from sluicegate.cli.output import lose_patience, tell_that_it_stops
from sluicegate.cli.rows import stage_row
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    EntryEvent,
    EnvironmentEntered,
    Event,
    OthersOverridden,
    PublishConfirmed,
    PublishRequested,
    ReleaseRequested,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
    WeightApplied,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.event_secrets import SecretEvent, SecretsRevoked
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run
from sluicegate.report.attempts import Attempts
from sluicegate.report.duration import format_duration
from sluicegate.report.entering import describe_entry
from sluicegate.report.given_secrets import describe_secrets
from sluicegate.report.plain import (
    MARK,
    describe,
    describe_finding,
    describe_publish,
    describe_rollout,
)
from sluicegate.report.rollout_bars import RolloutTerms

STYLE = {
    Outcome.OPEN: "green",
    Outcome.CLOSED: "red",
    Outcome.PENDING: "yellow",
    Outcome.BROKEN: "magenta",
}
_SHOWN_FINDINGS = 20
_REFRESHED = 8  # times a second
_NO_TERMS: Mapping[str, RolloutTerms] = {}


class TerminalObserver(Progress):
    """A row for a stage that ended, with details where its gate did not open."""

    def __init__(
        self, console: Console, terms: Mapping[str, RolloutTerms] = _NO_TERMS
    ) -> None:
        """Create it. *terms* is what rollouts go by, by the name of their stage."""
        self._console = console
        self._rollouts = LiveRollouts(console, terms)
        self._attempts = Attempts()
        self._longest = SHORTEST
        self._stages: dict[str, LiveStage] = {}
        self._shown = LiveStages(console, self._rollouts)
        self._live: Live | None = None

    @override
    def event(self, event: Event) -> None:  # noqa: C901 - one line an event
        self._attempts.see(event)
        if isinstance(event, RolloutEvent):
            self._tell_rollout(event)
            return
        if isinstance(event, SecretEvent):
            self._tell_secrets(event)
            return
        match event:
            case RunStarted():
                names = (len(stage.name) for stage in event.stages)
                self._longest = max(names, default=SHORTEST)
                self._print(Text(plainly(describe(event)), style="bold"))
            case RunResumed():
                self._print(Text("resumed", style="bold"))
            case StageStarted():
                self._begin(event)
            case StageFinished():
                self._end(event)
            case StageSkipped():
                self._row(
                    "-", "dim", event.stage, "skipped", said_as(event.reason, "dim")
                )
            case RunFinished():
                self.close()
                style = f"bold {STYLE[event.outcome]}"
                self._print(Text(plainly(describe(event)), style=style))
            case RunInterrupted():
                self._cut_off()
            case PublishRequested() | PublishConfirmed():
                self._note(event.stage, describe_publish(event))
            case ReleaseRequested() | EnvironmentEntered():
                self._tell_entry(event)
            case _:
                pass

    @override
    def resumed(self, run: Run) -> None:
        self._rollouts.catch_up(run)

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
        return min(self._longest, room_for_names(self._console))

    def _begin(self, event: StageStarted) -> None:
        said = self._attempts.describe_start(event)
        self._rollouts.begin(event)
        stage = LiveStage(event.stage, self._console.get_time(), said)
        self._stages[event.stage] = stage
        self._update()

    def _say(self, stage: str, text: str) -> None:
        """Show what a stage says; before any has begun, setting up is no stage."""
        if stage not in self._stages:
            self._stages[stage] = LiveStage(stage, self._console.get_time())
            self._update()
        self._stages[stage].said = text

    def _end(self, event: StageFinished) -> None:
        self._rollouts.end(event.stage)
        stage = self._stages.pop(event.stage, None) or LiveStage(event.stage, 0)
        again = self._attempts.announce_next(event)
        if again:
            waiting = LiveStage(event.stage, self._console.get_time(), again)
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
        said = said_as(event.reason, "dim" if is_cached else "")
        if again:
            said.append(f"; {again}", style="yellow")
        mark, style = MARK[event.outcome], STYLE[event.outcome]
        self._row(mark, style, event.stage, took, said)

    def _tell_rollout(self, event: RolloutEvent) -> None:
        self._rollouts.see(event)
        match event:
            case CanaryReady() | WeightConfirmed() | BlockObserved() | CanaryJudged():
                self._say(event.stage, describe_rollout(event))
            case RolloutStarted() | RolloutDirected() | RolloutDrifted() | DriftEnded():
                self._note(event.stage, describe_rollout(event))
            case OthersOverridden():
                self._note(event.stage, describe_rollout(event))
            case WeightRequested() | WeightApplied() | RolloutFinished():
                pass

    def _tell_entry(self, event: EntryEvent) -> None:
        said = describe_entry(event)
        if isinstance(event, EnvironmentEntered) and event.override:
            self._row("!", "bold red", event.stage, "", said_as(said, "bold red"))
        else:
            self._note(event.stage, said)

    def _tell_secrets(self, event: SecretEvent) -> None:
        said = describe_secrets(event)
        if said is not None and isinstance(event, SecretsRevoked):
            self._row("!", "bold yellow", event.stage, "", said_as(said, "yellow"))
        elif said is not None:
            self._note(event.stage, said)

    def _tell_why(self, stage: LiveStage) -> None:
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
            self._row("!", "yellow", stage.name, took, said_as("cut off", "yellow"))
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
        head = head_of(Text(mark, style), stage, took, self._width)
        self._print(stage_row(head, said, self._console.width))

    def _note(self, stage: str, text: str) -> None:
        self._row(" ", "", stage, "", said_as(text, "dim"))

    def _detail(self, text: str) -> None:
        self._print(Padding(said_as(text, "dim"), (0, 0, 0, 4)))

    def _print(self, what: object) -> None:
        self._console.print(what)
