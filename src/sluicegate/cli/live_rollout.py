"""Rollouts on a terminal: how they stand, below the line of their stage."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sluicegate.model.event import RolloutEvent, StageStarted
from sluicegate.model.run import Run
from sluicegate.report.escape import escape
from sluicegate.report.rollout import RolloutProgress, advance, follow
from sluicegate.report.rollout_bars import ASCII, BARS, RolloutTerms
from sluicegate.report.rollout_live import live_lines

_STYLE = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "good": "green",
    "bad": "red",
    "warn": "bold yellow",
}
_INDENT = 4


class LiveRollouts:
    """Follows rollouts by their events; another thread may ask how they stand.

    The time is that of the attempt's beginning, and what has passed since by the
    console's clock.
    """

    def __init__(self, console: Console, terms: Mapping[str, RolloutTerms]) -> None:
        """Create it. *terms* is what each rollout goes by, by its stage."""
        self._console = console
        self._terms = terms
        self._marks = ASCII if console.options.ascii_only else BARS
        self._found: dict[str, RolloutProgress] = {}
        self._began: dict[str, tuple[datetime, float]] = {}

    def catch_up(self, run: Run) -> None:
        """Take what has happened before in rollouts that may go on."""
        for stage in run.stages:
            found = follow(stage.rollout)
            if found is not None and not found.result:
                self._found[stage.name] = found

    def begin(self, event: StageStarted) -> None:
        """Note when an attempt began."""
        self._began[event.stage] = event.start_ts, self._console.get_time()

    def see(self, event: RolloutEvent) -> None:
        """Follow one more event."""
        found = advance(self._found.get(event.stage), event)
        if found is not None:
            self._found[event.stage] = found

    def end(self, stage: str) -> None:
        """Forget a stage that has ended."""
        self._found.pop(stage, None)
        self._began.pop(stage, None)

    def lines(self, stage: str, width: int) -> list[Padding | Text]:
        """How the rollout of *stage* stands; nothing if there is none under way."""
        found, began = self._found.get(stage), self._began.get(stage)
        if found is None or began is None:
            return []
        start, at = began
        now = start + timedelta(seconds=max(0.0, self._console.get_time() - at))
        room = max(1, width - _INDENT)
        told = live_lines(found, self._terms.get(stage), now, room, self._marks)
        return [Padding(_text(pieces, room), (0, 0, 0, _INDENT)) for pieces in told]


def _text(pieces: tuple[tuple[str, str], ...], width: int) -> Text:
    line = Text.assemble(*((escape(words), _STYLE[style]) for words, style in pieces))
    line.truncate(width, overflow="ellipsis")
    line.no_wrap = True
    return line
