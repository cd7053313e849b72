"""Unit tests of `sluicegate.config.schema`."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from sluicegate.config.schema import json_schema, write_duration
from sluicegate.stages.kinds import KINDS
from sluicegate.stages.stage import parse_duration

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


@pytest.mark.parametrize("text", ["400d", "36h", "90m", "61s", "1500ms"])
def test_a_time_is_written_as_it_is_read(text: str) -> None:
    assert write_duration(parse_duration(text)) == text


def test_a_time_is_written_in_the_largest_exact_unit() -> None:
    assert write_duration(timedelta(minutes=120)) == "2h"


def test_a_part_of_a_millisecond_cannot_be_written() -> None:
    with pytest.raises(AssertionError, match="shorter than a millisecond"):
        write_duration(timedelta(microseconds=1))
