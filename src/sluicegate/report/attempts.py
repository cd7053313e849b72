"""What is known of the attempts of a run while it goes on. Pure."""

from dataclasses import dataclass, field

from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    Event,
    RunResumed,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.report.duration import format_duration


@dataclass
class Attempts:
    """Follows the events of a run, and says of an attempt which one it is.

    ``running`` are the attempts under way, by stage, in the order they began.
    """

    running: dict[str, StageStarted] = field(default_factory=dict)
    _retries: dict[str, int] = field(default_factory=dict)
    _tries: dict[str, int] = field(default_factory=dict)
    _ended: dict[str, StageFinished] = field(default_factory=dict)

    def see(self, event: Event) -> None:
        """Take note of *event*, before it is told."""
        match event:
            case RunStarted():
                self._retries = {each.name: each.retries for each in event.stages}
            case RunResumed():
                self._tries.clear()
                self._ended.clear()
            case StageStarted():
                self._tries[event.stage] = self._tries.get(event.stage, 0) + 1
                self.running[event.stage] = event
            case StageFinished():
                self.running.pop(event.stage, None)
                self._ended[event.stage] = event
            case _:
                pass

    def describe_start(self, event: StageStarted) -> str:
        """``attempt 2 of 3, after 10 s``; empty for a first attempt."""
        if event.attempt == 1:
            return ""
        said = f"attempt {event.attempt}{self._of_how_many(event)}"
        before = self._ended.get(event.stage)
        if before is None:
            return said
        waited = round((event.start_ts - before.end_ts).total_seconds() * 1000)
        return f"{said}, after {format_duration(max(0, waited))}"

    def announce_next(self, event: StageFinished) -> str:
        """``attempt 2 of 3 follows``; empty where none does."""
        left = self._most(event.stage) - self._tries.get(event.stage, 1)
        if event.outcome is not Outcome.BROKEN or left <= 0:
            return ""
        return f"attempt {event.attempt + 1} of {event.attempt + left} follows"

    def _of_how_many(self, event: StageStarted) -> str:
        most = self._most(event.stage)
        if most == 1:
            return ""
        return f" of {event.attempt + most - self._tries.get(event.stage, 1)}"

    def _most(self, stage: str) -> int:
        return 1 + self._retries.get(stage, 0)
