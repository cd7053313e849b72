"""Unit tests of `sluicegate.report.rollout_terms`."""

from datetime import timedelta

from sluicegate.canary.bounds import Bounds
from sluicegate.report.rollout_bars import RolloutTerms
from sluicegate.report.rollout_terms import terms_of
from sluicegate.stages.canary import CanaryStage


def test_terms_are_the_bounds_of_every_metric_and_the_time_of_a_block() -> None:
    stage = CanaryStage.model_validate(
        {
            "uses": "canary",
            "environment": "production",
            "block": "30s",
            "metrics": {
                "ttft": {"kind": "latency", "edges": ["100ms", "1s"], "required": False}
            },
        }
    )

    half = 5_298_318  # ln 200: of alpha 0.01, each of two metrics has a half
    assert terms_of(stage) == RolloutTerms(
        {"errors": Bounds(half, 2_995_733), "ttft": Bounds(half, None)},
        timedelta(seconds=30),
    )
