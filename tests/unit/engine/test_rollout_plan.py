"""What may be wanted of a rollout."""

from dataclasses import replace

import pytest
from rollouts import NEW, PLAN

from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.errors import UsageError
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.environment import Environment

STAGE = CanaryStage.model_validate(
    {
        "uses": "canary",
        "environment": "production",
        "min_duration": "90s",
        "metrics": {
            "slow": {"kind": "latency", "edges": ["100ms", "1s"]},
            "refusals": {"kind": "bernoulli", "from": {"uses": "file", "path": "r"}},
            "tokens": {"kind": "rate", "from": {"uses": "command", "run": "count"}},
        },
    }
)


@pytest.mark.parametrize("steps", [(91,), (5, 99), (5, 5), (50, 25), (0, 5), (-1,), ()])
def test_no_canary_gets_more_than_90_percent_before_its_verdict(
    steps: tuple[int, ...],
) -> None:
    with pytest.raises(UsageError):
        replace(PLAN, steps=steps)
    assert replace(PLAN, steps=(1, 90)).steps == (1, 90)


def test_a_plan_has_the_metrics_of_its_stage_and_who_counts_them() -> None:
    target = DockerTarget(uses="docker", port=8000)
    plan = RolloutPlan.of("canary", STAGE, Environment(target=target), NEW)
    names = [metric.name for metric in plan.judge.metrics]
    assert names == ["slow", "refusals", "tokens"]
    assert plan.scraped == {"slow"}
    assert plan.printed == {"tokens"}
    assert plan.judge.min_seconds == 90
    assert plan.judge.share_check


def test_clients_that_stay_with_their_release_have_no_share_to_check() -> None:
    target = DockerTarget(uses="docker", port=8000, sticky=True)
    plan = RolloutPlan.of("canary", STAGE, Environment(target=target), NEW)
    assert not plan.judge.share_check
