"""Events of a run as lines of text: for logs, and wherever there is no terminal."""

from collections.abc import Sequence

from sluicegate.canary.reason import RESULTS
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    EnvironmentEntered,
    Event,
    GpuReserved,
    HandedOver,
    OthersOverridden,
    PublishConfirmed,
    PublishEvent,
    PublishRequested,
    ReleaseRequested,
    RolloutDirected,
    RolloutDrifted,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
    WeightApplied,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.finding import Finding
from sluicegate.model.rollout import CanaryVerdict, Direction
from sluicegate.model.run import Run
from sluicegate.model.task import write_labels
from sluicegate.model.traffic import RequestCounts
from sluicegate.report.audit import shorten_run
from sluicegate.report.duration import format_duration
from sluicegate.report.entering import describe_entry
from sluicegate.report.escape import escape
from sluicegate.report.given_secrets import describe_secrets

MARK = {
    Outcome.OPEN: "✓",
    Outcome.CLOSED: "✗",
    Outcome.PENDING: "…",
    Outcome.BROKEN: "!",
}


def describe(event: Event) -> str | None:
    """One line on *event*, escaped for a terminal; None where a person needs none."""
    text = _describe(event)
    return None if text is None else escape(text)


def _describe(event: Event) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a line each
    match event:
        case RunStarted():
            return _describe_start(event)
        case RunResumed():
            return "resumed"
        case RunInterrupted():
            return f"interrupted{f' in {event.stage}' if event.stage else ''}"
        case RunFinished():
            return f"{event.outcome.value}: {event.reason}"
        case StageStarted():
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            return f"{event.stage}: started{again}"
        case StageFinished():
            took = f"in {format_duration(event.usage.wall_ms)}"
            how = took if event.cached is None else "(cached)"
            how += " elsewhere" if event.handed_over else ""
            return f"{event.stage}: {event.outcome.value} {how}: {event.reason}"
        case StageSkipped():
            return f"{event.stage}: not run, {event.reason}"
        case GpuReserved():
            return None if event.refused else _describe_reserved(event)
        case SecretsGiven() | SecretsRevoked():
            said = describe_secrets(event)
            return said and f"{event.stage}: {said}"
        case PublishRequested() | PublishConfirmed():
            return f"{event.stage}: {describe_publish(event)}"
        case ReleaseRequested() | EnvironmentEntered():
            return f"{event.stage}: {describe_entry(event)}"
        case WeightRequested() | WeightApplied() | RolloutFinished():
            return None
        case _:
            return f"{event.stage}: {describe_rollout(event)}"


def _describe_reserved(event: GpuReserved) -> str:
    gpus = "1 GPU" if event.gpu == 1 else f"{event.gpu} GPUs"
    most = format_duration(event.wall_ms)
    return f"{event.stage}: {gpus} reserved, for {most} at most"


def _describe_start(event: RunStarted) -> str:
    where = f" ({event.branch})" if event.branch else ""
    dirty = ", with uncommitted changes" if event.dirty else ""
    parts = [f"{event.pipeline} · commit {event.commit[:12]}{where}{dirty}"]
    parts += [describe_goal(event)] if event.rollback else []
    parts += [event.selection] if event.selection else []
    parts += [write_labels(event.labels)] if event.labels else []
    return " · ".join(parts)


def describe_goal(event: RunStarted) -> str:
    """To what a run goes back, and why; empty if it does not; not escaped."""
    if event.rollback is None:
        return ""
    why = f": {' '.join(event.reason.split())}" if event.reason else ""
    return f"rollback to the release of run {shorten_run(event.rollback)}{why}"


def describe_reuse(run: Run) -> str | None:
    """Which stages were not run, and why that is fine; None if all were."""
    ended = [stage.finished for stage in run.stages if stage.finished]
    cached = sum(finished.cached is not None for finished in ended)
    if not cached:
        return None
    if cached == len(ended):
        return (
            "nothing was run: every result stands, as nothing it depends on has"
            " changed; --force runs all the same"
        )
    if cached == 1:
        return "1 stage was not run again: nothing it depends on has changed"
    return f"{cached} stages were not run again: nothing they depend on has changed"


def where_from(end: StageFinished) -> str:
    """A remark on a result that was not found out in this run; not escaped."""
    if end.cached is not None:
        return "  (from an earlier run)"
    if end.handed_over is not None:
        return f"  (handed over by job {end.handed_over.job or 'unknown'})"
    return ""


def describe_handed_over(handed: HandedOver) -> str:
    """Where a result comes from; not escaped."""
    job = f"by job {handed.job}, " if handed.job else ""
    return (
        f"handed over {job}in {handed.digest}; judged here, and what was measured is"
        " that job's word"
    )


def describe_publish(event: PublishEvent) -> str:
    """What happened to an image on its way to a registry, without the stage's name."""
    match event:
        case PublishRequested():
            return f"pushing {_join_tags(event.references)}"
        case PublishConfirmed():
            references = [each.reference for each in event.published]
            return f"the registry serves it as {_join_tags(references)}"


def _join_tags(references: Sequence[str]) -> str:
    """``ghcr.io/acme/model:v1, latest``: the repository is the same in all of them."""
    first, *others = references
    return ", ".join((first, *(each.rpartition(":")[2] for each in others)))


def describe_rollout(
    event: RolloutStarted
    | CanaryReady
    | WeightConfirmed
    | BlockObserved
    | RolloutDirected
    | RolloutDrifted
    | DriftEnded
    | OthersOverridden
    | CanaryJudged,
) -> str:
    """What happened in a rollout, without the stage's name."""
    match event:
        case RolloutStarted():
            beside = f" beside {event.stable.name}" if event.stable else ""
            image = (
                event.canary.reference
                or "on this engine only, as no stage publishes it"
            )
            what = f"starting {event.canary.name} in {event.environment}{beside}"
            return f"{what}; the image is {image}"
        case CanaryReady():
            return "healthy"
        case WeightConfirmed():
            return f"{event.percent} % of the traffic"
        case BlockObserved():
            return (
                f"{event.percent} % · canary failed {rate(event.canary)}"
                f" · stable {rate(event.stable)}"
            )
        case RolloutDirected():
            return f"{_DIRECTED[event.direction]} by {_people(event)}: {event.reason}"
        case RolloutDrifted() | DriftEnded() | OthersOverridden():
            return _describe_others(event)
        case CanaryJudged():
            return describe_verdict(event.verdict, event.reason)


def _describe_others(event: RolloutDrifted | DriftEnded | OthersOverridden) -> str:
    match event:
        case RolloutDrifted():
            return f"held, as others have changed what serves: {event.what}"
        case DriftEnded():
            return "what serves is again as it was set"
        case OthersOverridden():
            return f"written over what others had set: {event.what}"


_DIRECTED = {
    Direction.PROMOTE: "promoted",
    Direction.ABORT: "aborted",
    Direction.PAUSE: "paused",
    Direction.RESUME: "resumed",
    Direction.SUPERSEDE: "superseded",
}


def _people(event: RolloutDirected) -> str:
    return ", ".join(each.person for each in event.by) or "its operator"


def describe_verdict(verdict: CanaryVerdict, reason: str) -> str:
    """The verdict and why: a sentence that begins with what becomes of the canary."""
    result = RESULTS[verdict]
    return reason if reason.startswith(result) else f"{result}: {reason}"


def rate(counts: RequestCounts) -> str:
    """``1.2 % of 4 213``, with a thin way to write thousands."""
    total = f"{counts.total:,}".replace(",", " ")
    if counts.total == 0:
        return "none of 0"
    return f"{100 * counts.failed / counts.total:.1f} % of {total}"


def describe_finding(finding: Finding) -> str:
    """``path:line: rule message``, escaped for a terminal."""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return escape(f"{place}: {finding.rule} {finding.message}")
