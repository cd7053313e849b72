"""Rollouts under way: looking at them, and going on with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import get_args

from sluicegate.audit.history import read_run
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.recorder import OnEntry
from sluicegate.audit.statements.directions import done_with
from sluicegate.engine.steering import Pace
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.event import (
    Event,
    RolloutEvent,
    RunStarted,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.state_item import (
    GivenDirection,
    Lease,
    OpenRequest,
    OpenRollout,
)
from sluicegate.report.open_rollouts import OpenView
from sluicegate.report.rollout import follow
from sluicegate.report.rollout_bars import RolloutTerms
from sluicegate.report.rollout_terms import terms_by_stage
from sluicegate.wiring.breaking_glass import Override
from sluicegate.wiring.execution import Execution
from sluicegate.wiring.project import Project
from sluicegate.wiring.replaying import pipeline_of
from sluicegate.wiring.requests import Requests
from sluicegate.wiring.rollback import open_to_resume
from sluicegate.wiring.trees import project_at

_ROLLOUT_EVENTS = get_args(RolloutEvent)


@dataclass(frozen=True)
class Rollouts:
    """The rollouts under way in the log of *requests*. Nothing is written."""

    requests: Requests

    def views(self, environment: str | None = None) -> list[OpenView]:
        """Those in all environments, or in *environment* alone.

        Raises:
            UsageError: there is no log.
            IntegrityError: it is not what was written.
        """
        self.requests.require_log()
        log, state = self.requests.log, self.requests.state
        assert log is not None
        return [
            self._view(log, state, item)
            for place, item in sorted(state.rollouts.items())
            if environment in {None, place}
        ]

    def _view(self, log: LogReader, state: LogState, item: OpenRollout) -> OpenView:
        place, term = item.environment, state.terms.get(item.environment)
        journal = self.requests.place.journal(item.run_id)
        recorded = read_run(log, journal, item.run_id).events
        events = [
            event
            for event in recorded
            if isinstance(event, _ROLLOUT_EVENTS) and event.stage == item.stage
        ]
        done = done_with(events)
        lease = state.leases.get(place)
        return OpenView(
            item=item,
            term=term,
            progress=follow(events),
            lease=lease if lease and lease.run_id == item.run_id else None,
            is_conducted=journal.is_held() or self._is_elsewhere(log, lease),
            said=tuple(_open_words(state, place, done)),
            now=self.requests.now,
            goes_by=self._terms(recorded[0] if recorded else None, item.stage),
        )

    def _terms(self, started: Event | None, stage: str) -> RolloutTerms | None:
        """What a rollout goes by; None where its pipeline is not in a clone here."""
        if not isinstance(started, RunStarted):
            return None
        project = Project(self.requests.place.machine, self.requests.inboxes.file)
        try:
            return terms_by_stage(pipeline_of(started, project)).get(stage)
        except (UsageError, ExternalError):
            return None

    def _is_elsewhere(self, log: LogReader, lease: Lease | None) -> bool:
        """Whether another machine has a lease in force.

        One of this machine whose process is gone keeps nobody out.
        """
        if lease is None or lease.expires <= self.requests.now:
            return False
        taken = decode_entry(log.entry(lease.fence)).envelope
        return taken.machine != self.requests.place.machine.id


def _open_words(state: LogState, place: str, done: int) -> Iterator[GivenDirection]:
    for index, given in sorted(state.directions.items()):
        if given.environment == place and index >= done:
            yield given


@contextmanager
def open_tick(project: Project, item: OpenRollout | OpenRequest) -> Iterator["Tick"]:
    """What goes on with the run of *item*, whatever is checked out in *project*.

    It has a rollout under way, or a request that waits.

    Raises:
        UsageError: its run is not in the log any more, or was of a work tree with
            changes.
        PermanentError: its commit is not in this clone.
    """
    execution = Execution(project)
    with execution.log.naming():
        log, journal = execution.log.log, execution.log.journal(item.run_id)
        events = read_run(log, journal, item.run_id).events
    started = events[0] if events else None
    if not isinstance(started, RunStarted):
        raise UsageError(
            f"run {item.run_id} is not in the log any more: its entries were pruned",
            hint=f"`sluice run` releases into {item.environment} anew",
        )
    if started.rollback is not None:
        yield Tick(item, project)
        return
    if started.dirty:
        if project.source.commit != started.commit:
            raise UsageError(
                f"run {item.run_id} is of a work tree with changes that no commit has",
                hint="go on with it in that work tree",
            )
        yield Tick(item, project)
        return
    with project_at(project, started.commit, started.branch) as tree:
        yield Tick(item, tree)


@dataclass(frozen=True)
class Tick:
    """Goes on with the run of *item*, by the files of *project*."""

    item: OpenRollout | OpenRequest
    project: Project

    def open(
        self, _: Project, on_entry: OnEntry, override: Override | None
    ) -> Execution:
        """The execution that resumes its run, and waits for nothing."""
        found = open_to_resume(self.item.run_id, self.project, on_entry, override)
        return replace(found, pace=Pace.TICK)
