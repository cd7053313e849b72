"""Judging the rollouts of a run again, by its log and the pipeline of its commit."""

from dataclasses import dataclass
from typing import get_args

from sluicegate.adapters.git_protected import GitProtectedBranch
from sluicegate.audit.history import read_run
from sluicegate.config.file import read_pipeline
from sluicegate.engine.replay import replay
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.event import RolloutEvent, RolloutStarted, RunStarted
from sluicegate.model.replayed import Replayed
from sluicegate.ports.protected import Tip
from sluicegate.stages.canary import CanaryStage
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
            first = next((e for e in mine if isinstance(e, RolloutStarted)), None)
            if isinstance(named.stage, CanaryStage) and first is not None:
                environment = pipeline.environments[named.stage.environment]
                plan = RolloutPlan.of(
                    named.name, named.stage, environment, first.canary
                )
                found += replay(plan, mine)
        return found


def pipeline_of(started: RunStarted, project: Project) -> Pipeline:
    """The pipeline that a run of *project* was started with, to the digest.

    Raises:
        UsageError: it is nowhere to be found.
        ExternalError: Git fails.
    """
    source = PolicySource(project)
    git = GitProtectedBranch(str(project.folder), project.machine.process)
    here = git.tip()
    commits = [
        started.commit,
        *(each.commit for each in git.changes(here, source.path)),
    ]
    for commit in dict.fromkeys(commits):
        try:
            data = git.read(Tip(commit[:12], commit), source.path, MAX_POLICY_BYTES)
        except ExternalError:
            continue  # a commit that this clone does not have
        if data is None:
            continue
        pipeline = read_pipeline(data, f"{source.path} at {commit[:12]}").pipeline
        if pipeline.definition == started.definition:
            return pipeline
    raise UsageError(
        f"the pipeline {started.pipeline} of commit {started.commit[:12]} is not in"
        " this clone as it was run",
        hint=f"`git fetch origin {started.commit}` brings the commit",
    )
