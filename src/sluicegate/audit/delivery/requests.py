"""Releases that waited for people, or for a better time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sluicegate.model.decision import Outcome
from sluicegate.model.delivery import ReleaseAsked
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    ReleaseRequested,
    RunFinished,
    StageFinished,
)


@dataclass
class Requests:
    """The fold of the entries that ask for a release, and of what ends the waiting.

    A stage of a run waits once, however often it has to ask anew because what it asked
    for has expired.
    """

    _rows: list[ReleaseAsked] = field(default_factory=list)
    _open: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, at: datetime, run_id: str, service: str, event: Event) -> None:
        """Fold in an entry of a run, recorded *at*."""
        match event:
            case ReleaseRequested():
                self._ask(at, run_id, service, event)
            case EnvironmentEntered():
                self._close((run_id, event.stage), entered_at=at)
            case StageFinished(outcome=Outcome.CLOSED):
                self._close((run_id, event.stage), ended_at=at)
            case RunFinished(outcome=Outcome.CLOSED | Outcome.OPEN):
                for key in [key for key in self._open if key[0] == run_id]:
                    self._close(key, ended_at=at)
            case _:
                pass

    def rows(self) -> Sequence[ReleaseAsked]:
        """All of them, in the order in which they were first asked for."""
        return tuple(self._rows)

    def _ask(
        self, at: datetime, run_id: str, service: str, event: ReleaseRequested
    ) -> None:
        key, until = (run_id, event.stage), event.expires
        if key in self._open:
            place = self._open[key]
            self._rows[place] = replace(self._rows[place], expires_at=until)
            return
        self._open[key] = len(self._rows)
        self._rows.append(ReleaseAsked(event.environment, service, run_id, at, until))

    def _close(
        self,
        key: tuple[str, str],
        entered_at: datetime | None = None,
        ended_at: datetime | None = None,
    ) -> None:
        place = self._open.pop(key, None)
        if place is not None:
            self._rows[place] = replace(
                self._rows[place], entered_at=entered_at, ended_at=ended_at
            )
