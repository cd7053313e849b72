"""The picture of a rollout: as it was kept, or drawn anew while it goes on."""

from collections.abc import Callable, Mapping

from sluicegate.canary.bounds import Bounds
from sluicegate.canary.plot.figure import PICTURE, draw
from sluicegate.canary.plot.trace import trace
from sluicegate.errors import UsageError
from sluicegate.model.run import Run, StageState
from sluicegate.ports.evidence import EvidenceStore

BoundsByStage = Callable[[], Mapping[str, Mapping[str, Bounds]]]
"""What each canary stage goes by, as the pipeline file says now."""


def picture_of(run: Run, evidence: EvidenceStore, bounds: BoundsByStage) -> bytes:
    """How the evidence in the newest rollout of *run* came about, as SVG.

    Args:
        run: any run.
        evidence: that goes with its log.
        bounds: asked for a rollout of which no picture was kept, as one that goes on.

    Raises:
        UsageError: there is no rollout, or nothing was compared in it.
        IntegrityError: the file that was kept is not what the log says.
    """
    stages = [stage for stage in run.stages if stage.rollout]
    if not stages:
        raise UsageError(
            f"there is no rollout in run {run.run_id}",
            hint="`sluice status --last 20` lists runs",
        )
    stage = stages[-1]
    for file in stage.finished.evidence.files if stage.finished else ():
        if file.name == PICTURE:
            return evidence.load(file.digest)
    return _draw(stage, bounds().get(stage.name, {}))


def _draw(stage: StageState, bounds: Mapping[str, Bounds]) -> bytes:
    if not bounds:
        raise UsageError(
            f"the pipeline file here has no canary stage {stage.name}, so it cannot be"
            " told what evidence is enough",
            hint="check out the commit of the run",
        )
    found = trace(stage.rollout, bounds)
    if found is None:
        raise UsageError("nothing was compared in this rollout, so far")
    return draw(found)
