"""Going back to an earlier release of a project.

What conducts it comes from the protected branch, and what is released from the log:
whatever is checked out, and however the work tree looks, makes no difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from typing_extensions import override

from sluicegate.audit.history import history
from sluicegate.audit.reader import LogReader
from sluicegate.audit.recent_releases import read_newest
from sluicegate.audit.recorder import OnEntry
from sluicegate.audit.releases import read_deployments
from sluicegate.engine.going_back import choose_release
from sluicegate.engine.machine import fold
from sluicegate.engine.rollback_run import begin_rollback, choose_stage, find_earlier
from sluicegate.engine.situation import Earlier
from sluicegate.engine.toolbox import Observer
from sluicegate.errors import UsageError
from sluicegate.model.deployment import Deployment
from sluicegate.model.event import RunStarted
from sluicegate.model.run import Run
from sluicegate.model.source import Source
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.breaking_glass import Override
from sluicegate.wiring.ephemeral import find_loss
from sluicegate.wiring.execution import Execution
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog

_NAME = 12  # digits of a commit that name a release without a tag


@dataclass(frozen=True)
class RuledProject(Project):
    """A project as the protected branch has its pipeline."""

    @classmethod
    def of(cls, project: Project) -> "RuledProject":
        """*project*, whatever is checked out."""
        return cls(project.machine, project.file)

    @cached_property
    @override
    def pipeline(self) -> Pipeline:
        return PolicySource(self).pipeline()


@dataclass(frozen=True)
class RollbackProject(Project):
    """A project with nothing but the stage *ruled*, for the commit of *about*."""

    ruled: Pipeline | None = None
    about: Source | None = None

    @cached_property
    @override
    def pipeline(self) -> Pipeline:
        assert self.ruled is not None
        return self.ruled

    @cached_property
    @override
    def source(self) -> Source:
        assert self.about is not None
        return self.about


@dataclass(frozen=True)
class Rollback:
    """A rollback of *environment* to what *to* names, None for the release before."""

    environment: str
    to: str | None
    reason: str | None

    def open(
        self, project: Project, on_entry: OnEntry, override: Override | None
    ) -> "RollbackExecution":
        """Find what to go back to; nothing is written.

        Raises:
            UsageError: it cannot be told, or cannot be gone back to.
            IntegrityError: the log is not what was written.
            ExternalError: Git, or the engine, fails.
        """
        ruled = RuledProject.of(project)
        place = ProjectLog(ruled)
        with place.naming():
            log = _open(place)
            row = _choose(log, self.environment, self.to)
            origin = _read_run(place, log, row.run_id)
        earlier = find_earlier(origin, self.environment)
        _check_image(ruled, self.environment, earlier)
        rolled = _project(ruled, self.environment, earlier, origin.started)
        (stage,) = rolled.pipeline.stages
        started = begin_rollback(
            rolled.pipeline,
            stage,
            origin.started,
            earlier,
            self.reason,
            project.machine.clock.now(),
        )
        return RollbackExecution(rolled, on_entry, override, earlier, started=started)


@dataclass(frozen=True)
class RollbackExecution(Execution):
    """Goes back to the ``earlier`` release, by the run that begins as ``started``."""

    started: RunStarted | None = None


def go_back(execution: Execution, observer: Observer) -> Run:
    """Begin the run of a rollback and carry it to its end, as `Execution.start` does.

    Raises:
        UsageError: it cannot be run as it is; nothing was written.
        Interrupted: asked to stop; the run can be resumed.
    """
    if not isinstance(execution, RollbackExecution) or execution.started is None:
        raise TypeError("not a rollback that was opened")
    return execution.go_back(observer, execution.started)


def open_to_resume(
    run_id: str | None, project: Project, on_entry: OnEntry, override: Override | None
) -> Execution:
    """What goes on with the run *run_id*, by default the newest.

    Raises:
        UsageError: there is no such run, or what it went back to is not known.
        IntegrityError: the log is not what was written.
    """
    execution = Execution(project, on_entry, override)
    if not execution.log.has_begun:
        return execution  # which says so
    found = execution.find(run_id)
    with execution.log.naming():
        log = execution.log.log
        events = history(log, execution.log.journal(found), found)
        started = events[0] if events else None
        if not isinstance(started, RunStarted) or started.rollback is None:
            return execution
        ruled = RuledProject.of(project)
        place = ProjectLog(ruled)
        origin = _read_run(place, _open(place), started.rollback)
    environment = _environment(ruled, found, started)
    earlier = find_earlier(origin, environment)
    rolled = _project(ruled, environment, earlier, origin.started)
    return Execution(rolled, on_entry, override, earlier)


def _environment(ruled: RuledProject, run_id: str, started: RunStarted) -> str:
    """Where the rollback goes: what its stage releases into."""
    names = {stage.name for stage in started.stages}
    for named in ruled.pipeline.stages:
        if named.name in names and isinstance(named.stage, CanaryStage):
            return named.stage.environment
    raise UsageError(
        f"the pipeline of the protected branch has no canary stage"
        f" {' or '.join(sorted(names))} any more, with which run {run_id} was going"
        " back",
        hint="go back anew with `sluice rollback`",
    )


def _project(
    ruled: RuledProject, environment: str, earlier: Earlier, origin: RunStarted
) -> RollbackProject:
    """The project with the one stage that goes back, for the earlier commit."""
    stage = choose_stage(ruled.pipeline, environment)
    release, here = earlier.release, ruled.source
    is_tag = release.name != release.commit[:_NAME]
    about = replace(
        here,
        commit=release.commit,
        branch=origin.branch,
        tag=release.name if is_tag else None,
        dirty=(),
        commit_time=None,
    )
    return RollbackProject(
        ruled.machine,
        ruled.file,
        ruled=replace(ruled.pipeline, stages=(stage,)),
        about=about,
    )


def _open(log: ProjectLog) -> LogReader:
    found = log.existing()
    if found is None:
        raise UsageError(
            f"there is no log in {log.place.name}",
            hint="nothing was released yet that could be gone back to",
        )
    return found


def _choose(log: LogReader, environment: str, to: str | None) -> Deployment:
    """The rollout to go back to; the whole log is read only where a name is looked for.

    What is named may be further back, under the same name even.
    """
    if to is not None:
        return choose_release(read_deployments(log), environment, to)
    rows, _ = read_newest(log, lambda rows: _is_enough(rows, environment))
    return choose_release(rows, environment, None)


def _is_enough(rows: Sequence[Deployment], environment: str) -> bool:
    try:
        choose_release(rows, environment, None)
    except UsageError:
        return False
    return True


def _read_run(place: ProjectLog, log: LogReader, run_id: str) -> Run:
    events = history(log, place.journal(run_id), run_id)
    if not events:
        raise UsageError(
            f"run {run_id} is not in the log any more: its entries were pruned",
            hint="what it found is not known, so it cannot be gone back to",
        )
    return fold(run_id, events)


def _check_image(ruled: RuledProject, environment: str, earlier: Earlier) -> None:
    """See to it that there is an image to start, before anybody is asked.

    Raises:
        UsageError: it is gone, and was never published.
        ExternalError: the engine does not answer.
    """
    target = PolicySource(ruled).environment(environment).target
    loss = find_loss(ruled.machine.environ, environment, target)
    if loss is not None:
        raise loss
    release = earlier.release
    if release.reference is not None:
        return
    from sluicegate.wiring.targets import is_at_hand  # noqa: PLC0415 - slow

    if not is_at_hand(ruled.machine, target, str(release.image)):
        raise UsageError(
            f"this engine has no image {release.image} of {release.name} any more, and"
            " it was never published",
            hint=f"build it anew: `git checkout {release.commit[:12]}` and `sluice"
            " run`; what is published can always be gone back to",
        )
