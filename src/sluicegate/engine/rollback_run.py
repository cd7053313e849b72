"""The run that goes back to an earlier release: one stage, the canary's. Pure."""

from dataclasses import replace
from datetime import datetime

from sluicegate.engine.judging import upstream_of
from sluicegate.engine.situation import Earlier
from sluicegate.errors import UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    PlannedStage,
    RolloutFinished,
    RolloutStarted,
    RunStarted,
)
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import Run, StageState
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline

_ARRIVED = frozenset({RolloutResult.DEPLOYED, RolloutResult.PROMOTED})


def choose_stage(pipeline: Pipeline, environment: str) -> NamedStage:
    """The stage that releases into *environment*, waiting for no other.

    Raises:
        UsageError: there is none, or there are several.
    """
    found = [
        named
        for named in pipeline.stages
        if isinstance(named.stage, CanaryStage)
        and named.stage.environment == environment
    ]
    if len(found) != 1:
        names = ", ".join(named.name for named in found) or "no stage"
        raise UsageError(
            f"the pipeline of the protected branch has {len(found)} stages that release"
            f" into {environment!r}: {names}",
            hint="a rollback takes its steps and its judge from that stage",
        )
    return replace(found[0], needs=(), when=None)


def begin_rollback(
    pipeline: Pipeline,
    stage: NamedStage,
    origin: RunStarted,
    earlier: Earlier,
    reason: str | None,
    now: datetime,
) -> RunStarted:
    """The first event of the run that goes back to *earlier*, which *origin* began."""
    return RunStarted(
        pipeline=pipeline.name,
        definition=pipeline.definition,
        commit=earlier.release.commit,
        branch=origin.branch,
        dirty=origin.dirty,
        stages=(
            PlannedStage(
                stage.name, stage.stage.uses, stage.needs, stage.stage.retries.count
            ),
        ),
        start_ts=now,
        rollback=earlier.run_id,
        reason=reason or None,
    )


def find_earlier(run: Run, environment: str) -> Earlier:
    """What *run* has released into *environment*, and what it had found before.

    Raises:
        UsageError: it has released nothing there that got through.
    """
    for stage in run.stages:
        started = _arrived(stage, environment)
        if started is None:
            continue
        upstream = upstream_of(run, stage.name)
        if all(end.outcome is Outcome.OPEN for end in upstream):
            return Earlier(
                run.run_id, run.started.labels, started.canary, tuple(upstream)
            )
    raise UsageError(
        f"run {run.run_id} has released nothing into {environment!r} that got through"
        " its gates",
        hint="`sluice releases` lists what became of every release",
    )


def _arrived(stage: StageState, environment: str) -> RolloutStarted | None:
    """The rollout that brought a release there, if the stage has one."""
    started: RolloutStarted | None = None
    for event in stage.rollout:
        if isinstance(event, RolloutStarted):
            started = event
        elif isinstance(event, RolloutFinished) and event.result in _ARRIVED:
            is_there = started is not None and started.environment == environment
            return started if is_there else None
    return None
