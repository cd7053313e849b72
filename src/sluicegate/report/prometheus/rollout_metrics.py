"""Rollouts as metrics: the share of the canary, what was counted, the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from sluicegate.canary.bounds import Bounds
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    RolloutEvent,
    RolloutFinished,
    WeightConfirmed,
)
from sluicegate.model.exposition import Kind, Metric
from sluicegate.model.rollout import CanaryVerdict, RolloutResult
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.report.prometheus.families import (
    Family,
    Labels,
    metrics_of,
    values_of,
)

ROLLOUT_EVENTS: tuple[type[RolloutEvent], ...] = get_args(RolloutEvent)
_NONE = "none"
_PERCENT = 100
_MICRONATS = 1_000_000


@dataclass
class RolloutMetrics:
    """A rollout into *environment*; ``bounds`` are those of each metric by name.

    Failed requests come first. ``evidence`` is what there is of each, in micronats, to
    abort and to promote.
    """

    environment: str
    bounds: Mapping[str, Bounds]
    percent: int | None = None
    stable: RequestCounts = NO_REQUESTS
    canary: RequestCounts = NO_REQUESTS
    evidence: dict[str, tuple[int, int]] = field(default_factory=dict)
    verdict: str = _NONE
    result: str = _NONE

    def see(self, event: RolloutEvent) -> None:
        """Take the next event."""
        match event:
            case WeightConfirmed():
                self.percent = event.percent
            case BlockObserved():
                self.percent = event.percent
                self.stable += event.stable
                self.canary += event.canary
                first = next(iter(self.bounds))
                self.evidence[first] = event.abort_micronats, event.promote_micronats
                for each in event.metrics:
                    found = each.abort_micronats, each.promote_micronats
                    self.evidence[each.metric] = found
            case CanaryJudged():
                self.verdict = event.verdict.value
            case RolloutFinished():
                self.result = event.result.value
            case _:
                pass


def describe_rollouts(
    rollouts: Mapping[str, RolloutMetrics], pipeline: Labels
) -> tuple[Metric, ...]:
    """The rollouts of a run, by stage."""
    weight = Family("sluice_rollout_weight_ratio", "The canary's share of traffic.")
    total = Family(
        "sluice_rollout_requests_total", "Requests that were judged.", Kind.COUNTER
    )
    failed = Family(
        "sluice_rollout_failed_requests_total", "Those that failed.", Kind.COUNTER
    )
    verdict = Family("sluice_rollout_verdict", "1 for the verdict, 0 for the rest.")
    result = Family(
        "sluice_rollout_result", "1 for how the rollout ended, 0 for the rest."
    )
    for stage, rollout in rollouts.items():
        labels = {**pipeline, "stage": stage, "environment": rollout.environment}
        if rollout.percent is not None:
            weight.add(labels, rollout.percent / _PERCENT)
        for name, counts in (("stable", rollout.stable), ("canary", rollout.canary)):
            total.add({**labels, "release": name}, counts.total)
            failed.add({**labels, "release": name}, counts.failed)
        words = (_NONE, *values_of(CanaryVerdict))
        verdict.add_state(labels, "verdict", words, rollout.verdict)
        words = (_NONE, *values_of(RolloutResult))
        result.add_state(labels, "result", words, rollout.result)
    return (
        *metrics_of((weight, total, failed, verdict, result)),
        *_describe_evidence(rollouts, pipeline),
    )


def _describe_evidence(
    rollouts: Mapping[str, RolloutMetrics], pipeline: Labels
) -> tuple[Metric, ...]:
    evidence = Family(
        "sluice_rollout_evidence_nats", "The logarithm of the e-value of a metric."
    )
    needed = Family(
        "sluice_rollout_evidence_needed_nats", "From which evidence on it is enough."
    )
    for stage, rollout in rollouts.items():
        labels = {**pipeline, "stage": stage, "environment": rollout.environment}
        for name, bounds in rollout.bounds.items():
            abort = {**labels, "metric": name, "side": "abort"}
            promote = {**labels, "metric": name, "side": "promote"}
            if (found := rollout.evidence.get(name)) is not None:
                evidence.add(abort, found[0] / _MICRONATS)
                evidence.add(promote, found[1] / _MICRONATS)
            needed.add(abort, _from_micronats(bounds.abort))
            needed.add(promote, _from_micronats(bounds.promote))
    return metrics_of((evidence, needed))


def _from_micronats(bound: int | None) -> float | None:
    return None if bound is None else bound / _MICRONATS
