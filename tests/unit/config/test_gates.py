"""Unit tests of `sluicegate.config.gates`."""

from typing import ClassVar, Literal

import pytest
from typing_extensions import override

from sluicegate.config.check import Checker
from sluicegate.config.gates import evidence_of, read_gates
from sluicegate.config.source import parse_source
from sluicegate.config.stagelist import StageList
from sluicegate.stages.kinds import KINDS
from sluicegate.stages.stage import FieldSpec, Stage

NEEDED = {
    "docker-build": {"image": "churn"},
    "canary": {"environment": "prod"},
    "command": {"run": "true"},
}


class Silent(Stage):
    """A kind that reports nothing and has no gate of its own."""

    kind: ClassVar[str] = "silent"
    summary: ClassVar[str] = "Silent"
    uses: Literal["silent"]

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return ()

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kinds_default_gate_can_be_judged(kind: str) -> None:
    stage = KINDS[kind].model_validate({"uses": kind, **NEEDED.get(kind, {})})
    checker = Checker(parse_source(b"stages: {some_name: {}}", "s.yaml"))

    gates = read_gates(checker, StageList({"some_name": stage}, {"some_name": ()}))

    assert checker.problems == []
    assert gates["some_name"].conditions


def test_a_kind_without_a_default_needs_a_gate() -> None:
    checker = Checker(parse_source(b"stages: {x: {uses: silent}}", "s.yaml"))

    read_gates(checker, StageList({"x": Silent(uses="silent")}, {"x": ()}))

    assert [problem.message for problem in checker.problems] == [
        "stages.x: needs a gate: this kind has none of its own"
    ]


def test_evidence_is_named_by_stage() -> None:
    stage = KINDS["command"].model_validate({"uses": "command", "run": "true"})

    assert evidence_of({"x": stage}, ("x", "unread")) == {"x.exit_code": "integer"}
