"""The environments of a project: what they run and ran, and what comes next."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sluicegate.audit.history import read_entries
from sluicegate.audit.presence import find_present, reach_back
from sluicegate.audit.reader import LogReader
from sluicegate.audit.recent_releases import read_newest
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import ExternalError, UsageError
from sluicegate.gates.rules import Policy
from sluicegate.gates.windows import judge_windows, next_opening
from sluicegate.model.deployment import ARRIVED, Deployment, Standing
from sluicegate.model.log_state import LogState
from sluicegate.model.state_item import StableRelease
from sluicegate.report.environments import EnvironmentView, Outlook, Overview, Soak
from sluicegate.report.running import Ran
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.releases import Releases
from sluicegate.wiring.requests import Requests

_TOOK_OVER = ARRIVED | {Standing.FOUND}
_SHARES = frozenset({Standing.UNDER_WAY, Standing.HELD})
_ROUNDS = 20  # of looking for a time at which all layers of rules are open


@dataclass(frozen=True)
class Environments:
    """The environments of the log of *releases*.

    ``project`` is the one whose log it is, None where only a log was named.
    """

    releases: Releases
    project: Project | None

    @classmethod
    def open(
        cls, machine: Machine, file: Path | None, log: str | None, vkey: str | None
    ) -> "Environments":
        """Find the log, as `Releases.open` does.

        Raises:
            UsageError: the pipeline file cannot be used.
        """
        found = Releases.open(machine, file, log, vkey)
        project = Project(machine, file or Path(PIPELINE_FILE))
        is_its_log = project.file.is_file() and (log is None or file is not None)
        return cls(found, project if is_its_log else None)

    @cached_property
    def requests(self) -> Requests:
        """The release requests in the log."""
        file = self.releases.folder / PIPELINE_FILE
        place = self.releases.log
        return Requests(Inboxes(place, self.project.file if self.project else file))

    @cached_property
    def log(self) -> LogReader:
        """The log.

        Raises:
            UsageError: there is none.
            IntegrityError: it is not what it was when it was last seen.
        """
        return self.requests.log or self.releases.log.reader()

    def overview(self, environment: str | None) -> Overview:
        """How all of them stand, or *environment* alone.

        Raises:
            UsageError: there is no such environment, or no log.
            IntegrityError: the log is not what was written.
        """
        state = self.requests.state
        wanted = set(state.stable) if environment is None else {environment}
        rows, _ = read_newest(
            self.log, lambda rows: all(_has_two(rows, name) for name in wanted)
        )
        names = self._names(rows, state, environment)
        return Overview(
            tuple(self._view(name, rows, state) for name in names),
            self.requests.now,
            state.heard,
        )

    def ran(self, environment: str | None, start: datetime, end: datetime) -> Ran:
        """What served from *start* up to *end*, in *environment* or in all of them.

        Raises:
            UsageError: there is no such environment, or no log.
            IntegrityError: the log is not what was written.
        """
        state = self.requests.state
        wanted = set(state.stable) if environment is None else {environment}
        rows, _ = read_newest(
            self.log, lambda rows: all(reach_back(rows, name, start) for name in wanted)
        )
        names = self._names(rows, state, environment)
        begins = self._begins
        present = (
            (name, tuple(find_present(rows, name, (start, end), begins)))
            for name in names
        )
        return Ran(
            start=start,
            end=end,
            log=self.log.head().origin,
            begins=begins,
            pruned=state.min_index,
            present=tuple(present),
            answers=state.heard,
        )

    @property
    def _begins(self) -> datetime:
        """When the first entry was recorded that is still there."""
        _, entry = next(read_entries(self.log, self.log.min_index()))
        return entry.envelope.recorded_ts

    def _names(
        self, rows: Sequence[Deployment], state: LogState, environment: str | None
    ) -> Sequence[str]:
        """The environments to tell of: in the order of the file, others behind."""
        declared = tuple(self.project.pipeline.environments) if self.project else ()
        logged = (*state.stable, *(row.environment for row in rows), *state.locks)
        asked = (each.environment for each in state.requests.values())
        known = tuple(dict.fromkeys((*declared, *logged, *asked)))
        if environment is None:
            return known
        if environment not in known:
            names = ", ".join(known) or "none"
            raise UsageError(
                f"there is no environment {environment!r}", hint=f"known are: {names}"
            )
        return (environment,)

    def _view(
        self, name: str, rows: Sequence[Deployment], state: LogState
    ) -> EnvironmentView:
        here = [row for row in rows if row.environment == name]
        took_over = [row for row in here if row.standing in _TOOK_OVER]
        live = next((row for row in took_over if row.live), None)
        earlier = took_over[: took_over.index(live)] if live else took_over
        last = here[-1] if here else None
        shares = last is not None and last.standing in _SHARES and not last.until_ts
        rejected = self.requests.rejected
        waiting = [one for one in self.requests.open if one.request not in rejected]
        overrides = state.overrides.values()
        return EnvironmentView(
            name=name,
            live=live,
            before=earlier[-1] if earlier else None,
            canary=last if shares else None,
            lock=state.locks.get(name),
            requests=tuple(each for each in waiting if each.environment == name),
            overrides=tuple(each for each in overrides if each.environment == name),
            outlook=self._outlook(name, state),
            term=state.terms.get(name),
        )

    def _outlook(self, name: str, state: LogState) -> Outlook | str:
        if self.project is None:
            return ""  # whoever reads a copy of a log knows no rules
        try:
            policy = PolicySource(self.project).policy(name)
        except (UsageError, ExternalError) as error:
            return str(error)
        now = self.requests.now
        return Outlook(
            opening=_find_opening(policy, now),
            times=tuple(
                result
                for layer in policy.layers
                for result in judge_windows(layer.windows, layer.freezes, now)
            ),
            soaks=tuple(_soaks(policy, state, now)),
        )


def _has_two(rows: Iterable[Deployment], name: str) -> bool:
    """Whether *rows* have what is live in an environment, and what was before it."""
    took_over = [
        row for row in rows if row.environment == name and row.standing in _TOOK_OVER
    ]
    live = [row for row in took_over if row.live]
    return bool(live) and (len(took_over) > 1 or live[0].before is None)


def _find_opening(policy: Policy, now: datetime) -> datetime | None:
    """When a release may happen by the windows and freezes of all layers."""
    at = now
    for _ in range(_ROUNDS):
        found = [next_opening(one.windows, one.freezes, at) for one in policy.layers]
        times = [each for each in found if each is not None]
        if len(times) < len(found):
            return None
        latest = max(times, default=at)
        if latest <= at:
            return at
        at = latest
    return None


def _soaks(policy: Policy, state: LogState, now: datetime) -> Iterator[Soak]:
    for layer in policy.layers:
        for after in layer.after:
            there: StableRelease | None = state.stable.get(after.environment)
            lasted = 0 if there is None else int((now - there.since_ts).total_seconds())
            yield Soak(
                after.environment,
                None if there is None else there.release,
                max(0, lasted),
                int(after.soak.total_seconds()),
            )
