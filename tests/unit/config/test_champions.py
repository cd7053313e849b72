"""Unit tests of `sluicegate.config.champions`."""

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError

TEXT = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  compare:
    uses: compare
    candidate: out/new.jsonl
    champion: {uses: stable, environment: %s}
    metrics: {accuracy: {margin: 0.01}}
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
environments:
  production: {target: {uses: docker, port: 8000}}
"""


def test_a_champion_is_stable_in_an_environment_of_the_file() -> None:
    assert parse_pipeline((TEXT % "production").encode(), "s.yaml").stages

    with pytest.raises(PipelineFileError) as refused:
        parse_pipeline((TEXT % "prodution").encode(), "s.yaml")
    (problem,) = refused.value.problems
    assert problem == (
        "s.yaml:7: stages.compare.champion.environment: there is no environment"
        " prodution; the file has production"
    )
