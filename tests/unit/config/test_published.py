"""Unit tests of `sluicegate.config.published`."""

import json

import pytest
from kube_pipeline import pipeline_text

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError


def problems(document: dict[str, dict[str, dict[str, object]]]) -> list[str]:
    data = json.dumps(document, indent=2).encode()
    try:
        parse_pipeline(data, "sluicegate.yaml")
    except PipelineFileError as error:
        return list(error.problems)
    return []


def test_a_canary_in_a_cluster_comes_after_a_stage_that_publishes() -> None:
    document = json.loads(pipeline_text())
    assert problems(document) == []
    del document["stages"]["publish"]
    document["stages"]["roll"]["needs"] = ["scan", "say"]
    lines = json.dumps(document, indent=2).splitlines()
    line = 1 + lines.index('    "roll": {')

    (problem,) = problems(document)
    assert problem.startswith(
        f"sluicegate.yaml:{line}: stages.roll: production is in a"
    )
    assert problem.endswith("a stage that publishes the image first (uses: publish)")


def test_one_that_is_not_before_it_does_not_count() -> None:
    document = json.loads(pipeline_text())
    document["stages"]["roll"]["needs"] = ["scan"]
    assert len(problems(document)) == 1


@pytest.mark.parametrize("stage", [{"uses": "publsh"}, {"uses": "publish", "x": 1}])
def test_one_that_cannot_be_read_is_no_missing_one(stage: dict[str, object]) -> None:
    document = json.loads(pipeline_text())
    document["stages"]["publish"] = stage
    found = problems(document)
    assert found
    assert not any("in a cluster" in each for each in found)


def test_the_engine_of_a_host_needs_no_registry() -> None:
    document = json.loads(pipeline_text())
    target: dict[str, object] = {"uses": "docker", "port": 8000}
    document["environments"]["production"]["target"] = target
    document["stages"]["roll"]["needs"] = ["scan"]
    assert problems(document) == []
