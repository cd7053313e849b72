"""Judging the rollouts of a run again, by its log and the pipeline of its commit."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import get_args

from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.audit.history import read_run
from sluicegate.config.file import read_pipeline
from sluicegate.engine.replay import replay
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PipelineFileError,
    UsageError,
)
from sluicegate.model.event import RolloutEvent, RolloutStarted, RunStarted
from sluicegate.model.replayed import Replayed
from sluicegate.ports.protected import Tip
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.environment import Environment
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.policy_files import MAX_POLICY_BYTES
from sluicegate.wiring.project import Project
from sluicegate.wiring.runs import Runs

_EVENTS = get_args(RolloutEvent)


@dataclass(frozen=True)
class Replaying:
    """Judges rollouts in the log of *runs* again; *project* is whose log it is."""

    runs: Runs
    project: Project

    def replay(self, run_id: str) -> list[Replayed]:
        """All rollouts of the run, judged again.

        Raises:
            UsageError: the pipeline that it ran is not in this clone.
            IntegrityError: what is recorded does not follow from what is before it.
            ExternalError: Git fails.
        """
        events = read_run(self.runs.log, self.runs.place.journal(run_id), run_id).events
        started = events[0] if events else None
        if not isinstance(started, RunStarted):
            raise UsageError(f"run {run_id} is not in the log any more")
        rollouts = [event for event in events if isinstance(event, _EVENTS)]
        if not rollouts:
            return []
        pipeline = pipeline_of(started, self.project)
        found = []
        for named in pipeline.stages:
            mine = [event for event in rollouts if event.stage == named.name]
            if isinstance(named.stage, CanaryStage) and mine:
                found += self._replay(named.name, named.stage, mine, pipeline)
        return found

    def _replay(
        self,
        name: str,
        stage: CanaryStage,
        events: list[RolloutEvent],
        pipeline: Pipeline,
    ) -> list[Replayed]:
        """Judge the rollouts of *stage* again.

        Its environment was that of the protected branch, as it was then. That may have
        been another one than the run's commit has, and whether clients stay with their
        release decides whether their shares are checked.
        """
        first = next(each for each in events if isinstance(each, RolloutStarted))
        here = pipeline.environments.get(stage.environment)
        flaw: IntegrityError | None = None
        tried: list[RolloutPlan] = []
        for environment in chain((here,), self._environments(stage.environment)):
            if environment is None:
                continue
            plan = RolloutPlan.of(name, stage, environment, first.canary)
            if any(plan.judge == each.judge for each in tried):
                continue
            tried.append(plan)
            try:
                return replay(plan, events)
            except IntegrityError as error:
                flaw = flaw or error
        if flaw is None:
            raise UsageError(f"no {stage.environment} is in the protected branch")
        raise flaw

    def _environments(self, name: str) -> Iterator[Environment | None]:
        """The environment as the protected branch has it, and has had it."""
        for pipeline in _pipelines(self.project, ()):
            yield pipeline.environments.get(name)


def pipeline_of(started: RunStarted, project: Project) -> Pipeline:
    """The pipeline that a run of *project* was started with, to the digest.

    Raises:
        UsageError: it is nowhere to be found.
        ExternalError: Git fails.
    """
    for pipeline in _pipelines(project, (started.commit,)):
        if pipeline.definition == started.definition:
            return pipeline
    raise UsageError(
        f"the pipeline {started.pipeline} of commit {started.commit[:12]} is not in"
        " this clone as it was run",
        hint=f"`git fetch origin {started.commit}` brings the commit",
    )


def _pipelines(project: Project, first: tuple[str, ...]) -> Iterator[Pipeline]:
    """The pipelines of the commits *first*, then those of the protected branch."""
    source = PolicySource(project)
    git = GitProtectedBranch(str(project.folder), project.machine.process)
    changes = (each.commit for each in git.changes(git.tip(), source.path))
    for commit in dict.fromkeys((*first, *changes)):
        try:
            data = git.read(Tip(commit[:12], commit), source.path, MAX_POLICY_BYTES)
        except ExternalError:
            continue  # a commit that this clone does not have
        if data is None:
            continue
        with suppress(PipelineFileError):  # of another version
            yield read_pipeline(data, f"{source.path} at {commit[:12]}").pipeline
