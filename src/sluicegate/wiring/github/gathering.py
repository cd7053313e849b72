"""All that GitHub can show of a run that was carried out here, gathered once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sluicegate.canary.bounds import bounds_of
from sluicegate.canary.plot.trace import Trace, trace
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run
from sluicegate.report.entering import waits_for
from sluicegate.report.github.shown import Asked, Links, Shown, Unrecorded
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.execution import Execution
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.project import Project
from sluicegate.wiring.request_view import Viewer
from sluicegate.wiring.requests import Requests

APPROVE = "approve.yml"
"""The workflow with which people answer, as `sluice init --github` writes it."""


def gather(
    execution: Execution,
    run: Run,
    occasion: Occasion,
    unrecorded: Unrecorded | None,
    findings: Mapping[str, tuple[Finding, ...]],
) -> Shown:
    """Gather what is known of *run*, which *execution* has carried out.

    Raises:
        IntegrityError: the log is not what it was.
        ExternalError: it cannot be read.
    """
    project = execution.project
    return Shown(
        run=run,
        links=links_of(project, occasion),
        folder=_folder(project),
        head=execution.log.log.head() if execution.records else None,
        unrecorded=None if execution.records else unrecorded or Unrecorded.ASKED,
        asked=tuple(_asked(execution, run)) if execution.records else (),
        findings=findings,
        traces=dict(_traces(run, project.pipeline)),
        sites={
            name: each.url
            for name, each in project.pipeline.environments.items()
            if each.url is not None
        },
        retried=occasion.attempt,
    )


def links_of(project: Project, occasion: Occasion) -> Links:
    """Where things are on the host."""
    root = Path(project.source.root)
    has_approve = (root / ".github" / "workflows" / APPROVE).is_file()
    return Links(
        server=occasion.server,
        repository=occasion.repository,
        run=occasion.run_url or occasion.repository_url,
        approve=APPROVE if has_approve else None,
    )


def _folder(project: Project) -> str:
    """The project's folder in the repository; empty for its root."""
    root = Path(project.source.root).resolve()
    inside = project.folder.resolve().relative_to(root).as_posix()
    return "" if inside == "." else inside


def _asked(execution: Execution, run: Run) -> Iterator[Asked]:
    waiting = waits_for(run)
    if not waiting:
        return
    requests = Requests(Inboxes(execution.log.place, execution.project.file))
    for each in waiting:
        viewer = Viewer(requests, requests.find(each.request.hex))
        yield Asked(each.stage, viewer.view(), _ways(viewer), viewer.needs_reason)


def _ways(viewer: Viewer) -> tuple[str, ...]:
    """How an answer may come: so that it counts everywhere, else anywhere."""
    policy = viewer.judging.policy
    layers = () if policy is None else policy.layers
    known = [layer.approvals.by for layer in layers if layer.approvals is not None]
    if not known:
        return ()
    ways = frozenset.intersection(*known) or frozenset.union(*known)
    return tuple(sorted(way.value for way in ways))


def _traces(run: Run, pipeline: Pipeline) -> Iterator[tuple[str, Trace]]:
    for named in pipeline.stages:
        if not isinstance(named.stage, CanaryStage):
            continue
        rollouts = [one.rollout for one in run.stages if one.name == named.name]
        for events in rollouts:
            found = trace(events, bounds_of(named.stage.judge_settings()))
            if found is not None:
                yield named.name, found
