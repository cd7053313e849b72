"""A run in the log of a step: for each stage a group that can be folded.

Stages run at the same time, groups cannot: the stage that began first is shown as it
goes, and what others say meanwhile is shown once it has ended. Verdicts stand between
the groups, where they are seen without unfolding anything.
"""

from collections import deque
from collections.abc import Sequence

from typing_extensions import override

from sluicegate.cli.github.step_log import StepLog
from sluicegate.cli.lines import PlainObserver
from sluicegate.model.event import (
    Event,
    RunFinished,
    RunInterrupted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.finding import Finding
from sluicegate.report.escape import escape

_KEPT = 5000  # lines of a stage that waits for its turn; its reports have all of them


class _Waiting:
    """What a stage has said that is not shown yet; ``verdict`` once it has ended."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_KEPT)
        self.left_out = 0
        self.verdict: str | None = None

    def add(self, text: str) -> None:
        self.left_out += len(self.lines) == _KEPT
        self.lines.append(text)


class GroupedObserver(PlainObserver):
    """Shows a run in *log*, and keeps what its stages found in ``found``."""

    def __init__(self, log: StepLog) -> None:
        super().__init__(log.stream)
        self.found: dict[str, tuple[Finding, ...]] = {}
        self._log = log
        self._shown: str | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._between: list[str] = []
        self._speaks: str | None = None

    @override
    def event(self, event: Event) -> None:
        self._attempts.see(event)
        text = self._describe(event)
        match event:
            case StageStarted():
                self._begin(event.stage)
                self._say(event.stage, text)
            case StageFinished() | StageSkipped():
                self._end(event.stage, text or "")
            case RunFinished() | RunInterrupted():
                self.close()
                self._say(None, text)
            case _:
                self._say(getattr(event, "stage", None), text)

    @override
    def line(self, stage: str, text: str) -> None:
        if stage in self._waiting:
            self._say(stage, escape(text))
        else:  # of the stage that is shown, or of none: how an environment is made
            self._log.line(escape(text))

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self.found[stage] = (*self.found.get(stage, ()), *findings)
        self._speaks = stage
        super().findings(stage, findings)

    @override
    def close(self) -> None:
        """Show all that is left; no group stays open."""
        self._close_group()
        for stage, waiting in self._waiting.items():
            self._show(stage, waiting)
            self._close_group()
        self._waiting.clear()

    @override
    def _write(self, text: str) -> None:
        self._say(self._speaks, text)

    def _say(self, stage: str | None, text: str | None) -> None:
        """Show *text* where *stage* is shown; what is of none, between the groups."""
        if text is None:
            return
        if stage in self._waiting:
            self._waiting[stage].add(text)
        elif self._shown is None or stage == self._shown:
            self._log.line(text)
        else:
            self._between.append(text)

    def _begin(self, stage: str) -> None:
        self.found.pop(stage, None)  # another attempt finds its own
        if self._shown is None:
            self._open_group(stage)
        elif stage != self._shown:
            self._waiting[stage] = _Waiting()

    def _end(self, stage: str, verdict: str) -> None:
        if stage in self._waiting:
            self._waiting[stage].verdict = verdict
            return
        if stage == self._shown:
            self._close_group()
        self._say(None, verdict)
        self._advance()

    def _advance(self) -> None:
        """Show who is next, and all who have ended meanwhile."""
        while self._shown is None and self._waiting:
            stage = next(iter(self._waiting))
            waiting = self._waiting.pop(stage)
            self._show(stage, waiting)

    def _show(self, stage: str, waiting: _Waiting) -> None:
        self._open_group(stage)
        if waiting.left_out:
            self._log.line(f"({waiting.left_out} lines before these are not shown)")
        for text in waiting.lines:
            self._log.line(text)
        if waiting.verdict is not None:
            self._close_group()
            self._log.line(waiting.verdict)

    def _open_group(self, stage: str) -> None:
        self._log.command("group", escape(stage))
        self._shown = stage

    def _close_group(self) -> None:
        if self._shown is not None:
            self._log.command("endgroup")
            self._shown = None
        for text in self._between:
            self._log.line(text)
        self._between.clear()
