"""Unit tests of `sluicegate.gates.language`: what the reference says is so."""

import pytest

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.facts import FACTS
from sluicegate.gates.kinds import kind_of
from sluicegate.gates.language import FUNCTIONS, OPERATORS, SAMPLE, TYPES, Example
from sluicegate.model.decision import Verdict


@pytest.mark.parametrize("example", [*OPERATORS, *FUNCTIONS], ids=lambda e: e.form)
def test_every_example_holds(example: Example) -> None:
    condition = compile_condition(example.condition, TYPES, TYPES)

    assert condition.judge(SAMPLE).verdict is Verdict.OPEN


def test_the_sample_is_what_it_says() -> None:
    assert {name: kind_of(value) for name, value in SAMPLE.items()} == TYPES
    for name, fact in FACTS.items():
        assert TYPES.get(name, fact.type) == fact.type
