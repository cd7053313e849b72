"""Who is under way already where a release wants to go.

A rollout that should have ended is settled first, as its own pipeline says; one that is
under way goes first, unless the newer release is configured to supersede it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sluicegate.engine.toolbox import MakeWay
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.log_event import RolloutAnswered
from sluicegate.model.rollout import Direction, NewerPolicy, Release
from sluicegate.model.run import Run
from sluicegate.report.audit import shorten_run
from sluicegate.report.moment import format_moment
from sluicegate.report.open_rollouts import OpenView
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.requests import Requests
from sluicegate.wiring.rollouts import Rollouts, open_tick
from sluicegate.wiring.trees import TreeProject

_PATIENCE_MS = 60_000
"""How long a process that was asked to make way is waited for."""

_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Predecessors:
    """Rollouts that came before run *run_id* of *project*; *say* hears of them."""

    project: Project
    log: ProjectLog
    run_id: str
    say: Callable[[str], None]

    def make_way(
        self, environment: str, release: Release, policy: NewerPolicy
    ) -> str | None:
        """See to it that no other rollout is under way in *environment*.

        Returns:
            Why *release* has to wait; None if the environment is free.

        Raises:
            ExternalError: the other rollout could not be settled.
            IntegrityError: the log is not what it was.
        """
        view = self._other(environment)
        if view is None or view.term is None:
            return None  # what an older version began is taken over
        again = view.item.canary.image == release.image
        if view.is_overdue and not view.is_conducted:
            self.say(f"{_name(view)} is overdue, and is settled first")
            self._tick(view)
        elif policy is NewerPolicy.SUPERSEDE or (again and not view.is_conducted):
            self._supersede(view, release)
        else:
            return _describe_wait(view)
        left = self._other(environment)
        return None if left is None else _describe_wait(left)

    def _other(self, environment: str) -> OpenView | None:
        """The rollout of another run that is under way there."""
        found = Rollouts(Requests(self._inboxes)).views(environment)
        return next((one for one in found if one.item.run_id != self.run_id), None)

    def _supersede(self, view: OpenView, release: Release) -> None:
        assert view.term is not None
        run = shorten_run(self.run_id)
        reason = f"{release.name} is to be released in its place (run {run})"
        self.say(f"{_name(view)} makes way")
        self.log.log_recorder.record(
            RolloutAnswered(
                view.term.rollout, view.item.environment, Direction.SUPERSEDE, reason
            )
        )
        if not view.is_conducted:
            self._tick(view)
            return
        clock = self.log.clock
        end = clock.monotonic_ms() + _PATIENCE_MS
        while clock.monotonic_ms() < end and self._other(view.item.environment):
            clock.sleep(_LOOK_SECONDS)

    def _tick(self, view: OpenView) -> None:
        """Go on with the other rollout as far as that takes no waiting."""
        with open_tick(self._plain, view.item) as tick:
            found = tick.open(self._plain, lambda _entry: None, None)
            found.resume(view.item.run_id, _Quiet(self.say))

    @property
    def _plain(self) -> Project:
        """The project as it is checked out, whatever this run is about."""
        project = self.project
        if isinstance(project, TreeProject) and project.home is not None:
            return project.home
        return Project(project.machine, project.file)

    @cached_property
    def _inboxes(self) -> Inboxes:
        return Inboxes(self.log.place, self.project.file)


def find_others(
    project: Project, log: ProjectLog, run_id: str, say: Callable[[str], None]
) -> MakeWay:
    """What sees to it that nothing else is under way where a release wants to go."""
    return Predecessors(project, log, run_id, say).make_way


@dataclass(frozen=True)
class _Quiet:
    """Passes on what is said of another run's stages."""

    say: Callable[[str], None]

    def event(self, event: Event) -> None:
        """Nothing: it is that run's."""

    def resumed(self, run: Run) -> None:
        """Nothing."""

    def line(self, stage: str, text: str) -> None:
        """Say it."""
        self.say(f"{stage} of the other run: {text}")

    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        """Nothing."""


def _name(view: OpenView) -> str:
    run = shorten_run(view.item.run_id)
    return f"the rollout of {view.item.canary.name} (run {run})"


def _describe_wait(view: OpenView) -> str:
    place = view.item.environment
    until = "" if view.term is None else f" until {format_moment(view.term.deadline)}"
    return (
        f"{_name(view)} is under way in {place}{until}, and goes first: `sluice rollout"
        f" status {place}` shows it, `sluice rollout abort {place} --reason ...` ends"
        " it; with on_newer: supersede, a newer release would"
    )
