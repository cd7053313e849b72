"""Whether an environment's target counts by the edges that a canary is judged by."""

from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_metrics import LatencyMetric
from sluicegate.stages.canary_sources import TargetSource
from sluicegate.stages.environment import Environment
from sluicegate.stages.stage import write_duration


def check_latency_edges(
    checker: Checker, stages: StageList, environments: Mapping[str, Environment]
) -> None:
    """Report edges of the target's latencies that it does not count by."""
    for name, stage in stages.kinds.items():
        if isinstance(stage, CanaryStage) and stage.environment in environments:
            _check(checker, name, stage, environments[stage.environment])


def _check(
    checker: Checker, name: str, stage: CanaryStage, environment: Environment
) -> None:
    target = environment.target
    counted = target.counted_edges
    for metric, declared in stage.metrics.declared.items():
        is_latency = isinstance(declared, LatencyMetric)
        if not is_latency or not isinstance(declared.source, TargetSource):
            continue
        for index, edge in enumerate(declared.edges):
            if edge not in counted:
                known = ", ".join(map(write_duration, counted))
                taken = f"take one of {known}, or " if known else ""
                checker.report(
                    ("stages", name, "metrics", metric, "edges", index),
                    f"the target of {stage.environment} does not count by"
                    f" {write_duration(edge)}: {taken}{target.how_to_count}",
                )
