import json

import pytest
from kube_pipeline import pipeline_text

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError


def written(steps: list[int], **target: str) -> bytes:
    """A pipeline whose canary takes these steps."""
    document = json.loads(pipeline_text(**target))
    document["stages"]["roll"]["steps"] = steps
    return json.dumps(document, indent=2).encode()


def test_a_step_that_leaves_stable_nothing_beside_a_baseline_is_refused() -> None:
    data = written([5, 49, 50, 80], baseline="web-baseline")
    with pytest.raises(PipelineFileError) as raised:
        parse_pipeline(data, "sluicegate.yaml")
    lines = data.decode().splitlines()
    assert list(raised.value.problems) == [
        f"sluicegate.yaml:{1 + lines.index(f'        {step}')}: stages.roll.steps.{i}:"
        f" must be below 50 percent, not {step.rstrip(',')}: the baseline of production"
        " gets as much, and the stable release is to keep a share"
        for i, step in ((2, "50,"), (3, "80"))
    ]


def test_without_a_baseline_such_steps_are_fine() -> None:
    assert parse_pipeline(written([5, 50, 80]), "sluicegate.yaml").stages
