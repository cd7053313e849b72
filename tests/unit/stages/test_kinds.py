"""Unit tests of `sluicegate.stages.kinds`."""

import re

import pytest

from sluicegate.stages.kinds import KINDS
from sluicegate.stages.stage import Stage

MINIMAL: dict[str, dict[str, object]] = {
    "ruff": {},
    "pytest": {},
    "hadolint": {},
    "docs": {},
    "docker-build": {"image": "acme/model"},
    "trivy": {},
    "publish": {},
    "canary": {"environment": "production"},
    "command": {"run": "true"},
    "train": {"run": "true", "inputs": ["a"], "model": ["model"]},
    "modelscan": {"paths": ["model"]},
    "smoke": {"golden": "golden.jsonl", "port": 8000},
    "compare": {
        "candidate": "new.jsonl",
        "champion": "old.jsonl",
        "metrics": {"accuracy": {"margin": 0.01}},
    },
    "slices": {
        "predictions": "new.jsonl",
        "by": ["region"],
        "rules": [{"metric": "recall", "min": 0.8}],
    },
}


def make(kind: str) -> Stage:
    return KINDS[kind].model_validate({"uses": kind, **MINIMAL[kind]})


def test_every_kind_is_tried_here() -> None:
    assert KINDS.keys() == MINIMAL.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_listed_under_its_name(kind: str) -> None:
    assert KINDS[kind].kind == kind
    assert KINDS[kind].summary


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_gate_names_only_fields_the_kind_has(kind: str) -> None:
    stage = make(kind)
    fields = {spec.name for spec in stage.fields()}

    gate = stage.default_gate("it")

    assert gate, "an empty gate would be closed for ever"
    for condition in gate:
        (name,) = re.findall(r"\bit\.(\w+)", condition)
        assert name in fields


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_distinct_and_explained(kind: str) -> None:
    fields = make(kind).fields()

    assert len({spec.name for spec in fields}) == len(fields)
    assert all(spec.meaning.endswith(".") for spec in fields)
    assert "files" not in {spec.name for spec in fields}  # --json has files there


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_a_kind_is_explained(kind: str) -> None:
    common = {"uses", "needs", "gate", "timeout", "env"}
    for name, setting in KINDS[kind].model_fields.items():
        explained = setting.description or kind == "canary"
        assert name in common or explained, f"{kind}.{name}"
