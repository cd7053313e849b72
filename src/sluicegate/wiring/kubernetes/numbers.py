"""Numbers for the judge alone, from where an environment's requests are counted.

What was counted so far is in the file: a line has what came since, and the first one
nothing, for it says from when on. So nothing is lost or counted twice, however often,
late or early one looks.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sluicegate.canary.line_text import write_line
from sluicegate.canary.lines import Line
from sluicegate.canary.metric import Metric
from sluicegate.engine.rollout_metrics import goes_on, passed, read_slower
from sluicegate.errors import TransientError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.request_counts import Arm
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_metrics import LatencyMetric
from sluicegate.stages.canary_sources import TargetSource
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.judging import read_lines
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget, build_counts
from sluicegate.wiring.project import Project

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN = Release(Digest.of(b""), "unknown", "0" * 40)
"""The releases: which they are, the file does not say."""


def append_numbers(
    project: Project, environment: str, file: Path, stable: str, canary: str
) -> str:
    """Append to *file* what came since its last line; says what that was.

    Args:
        project: whose pipeline says where requests are counted.
        environment: in a cluster.
        file: of the lines; it is made if it is not there.
        stable: what the stable release is counted as: its Service, revision or hash.
        canary: likewise.

    Raises:
        UsageError: there is no such environment, or *file* holds something else.
        ExternalError: Prometheus cannot be read now, or not believed.
    """
    settings = find_cluster_target(project.pipeline, environment)
    metrics = metrics_counted(project.pipeline, environment)
    lines = read_lines(str(file)) if file.exists() else []
    clock = project.machine.clock
    begin = _moment(lines[0].at) if lines else clock.now()
    counts = build_counts(project, environment, settings, clock)
    arms = Arm(_UNKNOWN, stable), Arm(_UNKNOWN, canary)
    scrape = counts.read(*arms, begin)
    at = _seconds(max(scrape.at, begin))
    if lines and at <= lines[-1].at:
        return "nothing was scraped since the last line"
    found = [
        (metric, _since(metric, lines, _totals(metric, scrape))) for metric in metrics
    ]
    text = "".join(f"{write_line(at, each, pair)}\n" for each, pair in found)
    try:
        with file.open("a", encoding="utf-8") as to:
            to.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    pair = found[0][1]
    return (
        f"{stable}: {pair.stable.n} requests, {pair.stable.x[0]} failed; {canary}:"
        f" {pair.canary.n}, {pair.canary.x[0]} failed"
    )


def metrics_counted(pipeline: Pipeline, environment: str) -> tuple[Metric, ...]:
    """What the target itself counts of the canary of *environment*, errors first."""
    for named in pipeline.stages:
        stage = named.stage
        if isinstance(stage, CanaryStage) and stage.environment == environment:
            declared = stage.metrics.declared
            timed = tuple(
                metric
                for metric in stage.metrics.metrics()
                if isinstance(declared[metric.name], LatencyMetric)
                and isinstance(declared[metric.name].source, TargetSource)
            )
            return (stage.metrics.errors.metric(), *timed)
    raise UsageError(
        f"no canary stage releases to {environment}",
        hint="the stage says by what a canary is judged: write one, `uses: canary`",
    )


def find_cluster_target(
    pipeline: Pipeline, environment: str | None
) -> AnyClusterTarget:
    """The target of *environment*, by default of the only one in a cluster.

    Raises:
        UsageError: there is no such environment, it is in none, or there are several.
    """
    return pipeline.environments[find_cluster_environment(pipeline, environment)].target  # type: ignore[return-value]


def find_cluster_environment(pipeline: Pipeline, environment: str | None) -> str:
    """The name of `find_cluster_target`.

    Raises:
        UsageError: as there.
    """
    environments = pipeline.environments
    clusters = [
        name
        for name, each in environments.items()
        if isinstance(each.target, AnyClusterTarget)
    ]
    hint = f"in a cluster: {', '.join(clusters) or 'none of this pipeline'}"
    if environment is None and len(clusters) == 1:
        return clusters[0]
    if environment is None:
        raise UsageError("which environment?", hint=f"--environment; {hint}")
    if environment not in environments:
        raise UsageError(f"there is no environment {environment!r}", hint=hint)
    if environment not in clusters:
        raise UsageError(f"{environment} is in no cluster", hint=hint)
    return environment


def _totals(metric: Metric, scrape: Scrape) -> Pair:
    if metric.kind is MetricKind.LATENCY:
        return read_slower(metric, scrape)
    stable, canary = scrape.stable, scrape.canary
    return Pair(
        Tally(stable.total, (stable.failed,)), Tally(canary.total, (canary.failed,))
    )


def _since(metric: Metric, lines: Sequence[Line], now: Pair) -> Pair:
    """What came since *lines*.

    Raises:
        TransientError: it is less than is in them.
    """
    nothing = Tally.nothing(metric.width)
    before = Pair(nothing, nothing)
    for line in lines:
        if line.metric.name == metric.name:
            before = Pair(
                before.stable + line.pair.stable, before.canary + line.pair.canary
            )
    if not goes_on(metric, before, now):
        raise TransientError(
            f"Prometheus has less of {metric.name} than the file: it lost something"
        )
    return passed(metric, before, now)


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(milliseconds=round(1000 * seconds))


def _seconds(moment: datetime) -> float:
    return ((moment - _EPOCH) // timedelta(milliseconds=1)) / 1000
