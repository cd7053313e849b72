import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.demo.pipeline import ENVIRONMENT, Choices
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.trivy import Scanner, TrivyStage
from sluicegate.wiring.templates import templates

STAGES = [
    *("lint", "test", "train", "evaluate", "compare", "modelscan", "docs"),
    *("build", "smoke", "scan", "canary"),
]


def choices(*, vulnerabilities: bool) -> Choices:
    return Choices(port=18080, base="python:3.12-slim", vulnerabilities=vulnerabilities)


@pytest.mark.parametrize("vulnerabilities", [True, False])
def test_the_pipeline_file_of_the_demo_is_understood(*, vulnerabilities: bool) -> None:
    text = choices(vulnerabilities=vulnerabilities).pipeline()
    pipeline = parse_pipeline(text.encode(), "sluicegate.yaml")
    assert [stage.name for stage in pipeline.stages] == STAGES
    target = pipeline.environments[ENVIRONMENT].target
    assert isinstance(target, DockerTarget)
    assert target.publish == 18080


def test_without_a_database_nobody_claims_to_look_for_vulnerabilities() -> None:
    text = choices(vulnerabilities=False).pipeline()
    scan = parse_pipeline(text.encode(), "sluicegate.yaml").stage("scan").stage
    assert isinstance(scan, TrivyStage)
    assert set(scan.scanners) == {Scanner.SECRET, Scanner.MISCONFIG}


def test_with_a_database_everything_is_looked_for() -> None:
    text = choices(vulnerabilities=True).pipeline()
    scan = parse_pipeline(text.encode(), "sluicegate.yaml").stage("scan").stage
    assert isinstance(scan, TrivyStage)
    assert set(scan.scanners) == set(Scanner)


def test_the_pipeline_file_of_the_sample_service_is_understood() -> None:
    file = templates() / "sample-service" / "sluicegate.yaml"
    pipeline = parse_pipeline(file.read_bytes(), "sluicegate.yaml")
    assert [stage.name for stage in pipeline.stages] == STAGES
