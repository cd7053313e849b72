"""How a release stands in an environment, as a deployment of the host. Pure.

One deployment belongs to one canary stage of one run, by its payload: whatever job goes
on with the rollout finds it again, and adds a status to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.model.code_host import DeploymentState, HostedDeployment
from sluicegate.model.decision import Outcome
from sluicegate.model.event import RolloutStarted
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import Phase, StageState
from sluicegate.report.github.limits import DESCRIPTION_BYTES
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.text import cut_bytes, is_url
from sluicegate.report.rollout import RolloutProgress, follow

_LIVE = frozenset(
    each.value
    for each in (
        RolloutResult.DEPLOYED,
        RolloutResult.PROMOTED,
        RolloutResult.UNCHANGED,
    )
)
_KEYS = ("sluicegate", "run", "stage")
_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a release stands.

    Attributes:
        environment: where.
        commit: of the release.
        payload: by which its deployment is found again.
        state: in the host's words; ``description`` in ours, of 140 bytes at most.
        site: where people can see the environment, None if that is not said.
        replaces: the commit of the release that it has taken the place of, None as
            long as it has not.
    """

    environment: str
    commit: str
    payload: Mapping[str, str]
    state: DeploymentState
    description: str
    site: str | None = None
    replaces: str | None = None

    def is_of(self, deployment: HostedDeployment) -> bool:
        """Whether *deployment* is of this very rollout."""
        return {key: deployment.payload.get(key) for key in _KEYS} == self.payload


def is_ours(deployment: HostedDeployment) -> bool:
    """Whether *deployment* was made here, and not by another tool."""
    return deployment.payload.get("sluicegate") == _FORMAT


def standings(shown: Shown) -> list[Standing]:
    """How the releases of a run stand; none for stages that ask for no environment.

    Nothing that was not recorded is in an environment.
    """
    if shown.head is None:
        return []
    found = (_standing(shown, stage) for stage in shown.run.stages)
    return [each for each in found if each is not None]


def _standing(shown: Shown, stage: StageState) -> Standing | None:
    progress = follow(stage.rollout)
    if progress is not None:
        environment, said = progress.environment, _of_rollout(stage, progress)
    elif stage.requested is not None:
        environment, said = stage.requested.environment, _of_request(stage)
    else:
        return None
    state, text = said
    started = [one for one in stage.rollout if isinstance(one, RolloutStarted)]
    commit = started[-1].canary.commit if started else shown.run.started.commit
    before = started[-1].stable if started else None
    site, replaces = shown.sites.get(environment), None
    if state is DeploymentState.SUCCESS and before is not None:
        replaces = before.commit
    return Standing(
        environment=environment,
        commit=commit,
        payload=dict(zip(_KEYS, (_FORMAT, shown.run.run_id, stage.name), strict=True)),
        state=state,
        description=cut_bytes(text, DESCRIPTION_BYTES),
        site=site if site and is_url(site) else None,
        replaces=replaces,
    )


def _of_rollout(
    stage: StageState, progress: RolloutProgress
) -> tuple[DeploymentState, str]:
    if progress.result in _LIVE:
        return DeploymentState.SUCCESS, f"{progress.result}: {progress.reason}"
    if progress.result == RolloutResult.ROLLED_BACK.value:
        return DeploymentState.FAILURE, f"rolled back: {progress.reason}"
    if stage.outcome is Outcome.BROKEN and stage.finished is not None:
        return DeploymentState.ERROR, f"broken: {stage.finished.reason}"
    if progress.result:
        return DeploymentState.IN_PROGRESS, f"{progress.result}: {progress.reason}"
    beside = f" beside {progress.before}" if progress.before else ""
    if not progress.is_ready and not progress.percent:
        return DeploymentState.IN_PROGRESS, f"starting{beside}"
    paused = ", paused" if progress.paused else ""
    drifted = f", held: {progress.drift.what}" if progress.drift else ""
    said = f"canary at {progress.percent} %{beside}{paused}{drifted}"
    return DeploymentState.IN_PROGRESS, said


def _of_request(stage: StageState) -> tuple[DeploymentState, str]:
    finished = stage.finished
    if stage.entered is not None or finished is None:
        return DeploymentState.QUEUED, "about to start"
    if stage.outcome is Outcome.PENDING:
        return DeploymentState.PENDING, f"waits: {finished.reason}"
    if stage.outcome is Outcome.BROKEN:
        return DeploymentState.ERROR, f"broken: {finished.reason}"
    if stage.outcome is Outcome.CLOSED:
        return DeploymentState.FAILURE, f"not let in: {finished.reason}"
    assert stage.phase is Phase.DONE
    return DeploymentState.SUCCESS, finished.reason
