"""Unit tests of `sluicegate.config.schema`."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from sluicegate.config.schema import json_schema
from sluicegate.stages.kinds import KINDS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"


def faults(text: str) -> list[str]:
    document: Any = yaml.safe_load(text)
    validator = Draft202012Validator(json.loads(json_schema()))
    return [error.message for error in validator.iter_errors(document)]


def test_the_committed_schema_is_current() -> None:
    committed = (REFERENCE / "sluicegate.schema.json").read_text("utf-8")

    assert committed == json_schema(), "run scripts/generate_docs.py"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(json_schema()))


def test_a_good_file_fits() -> None:
    text = HEAD + (
        "  lint: {uses: ruff, timeout: 5m}\n"
        "  build: {uses: docker-build, image: churn, needs: [lint]}\n"
        '  scan: {uses: trivy, gate: ["scan.critical == 0"]}\n'
        "  canary: {uses: canary, environment: prod, steps: [5, 25]}\n"
        "environments:\n"
        "  prod: {target: {uses: docker, port: 8000}}\n"
        "audit: {retention: 400d}\n"
    )

    assert faults(text) == []


@pytest.mark.parametrize(
    "stage",
    [
        "lint: {uses: ruf}",
        "lint: {uses: ruff, timout: 5m}",
        "lint: {uses: ruff, timeout: 5}",
        "lint: {uses: ruff, timeout: soon}",
        "unit-tests: {uses: pytest}",
        "build: {uses: docker-build}",
    ],
)
def test_a_slip_is_seen_in_the_editor(stage: str) -> None:
    assert faults(f"{HEAD}  {stage}\n")


def test_every_kind_is_in_the_schema() -> None:
    choices = json.loads(json_schema())["properties"]["stages"]["patternProperties"]

    (pattern,) = choices.values()

    assert set(pattern["discriminator"]["mapping"]) == set(KINDS)
