"""Unit tests of `sluicegate.config.stagelist`."""

import pytest

from sluicegate.config.check import Checker
from sluicegate.config.source import parse_source
from sluicegate.config.stagelist import StageList, read_stages
from sluicegate.gates.expression import CelType, ExpressionError, compile_expression


def read(stages: str) -> tuple[StageList, Checker]:
    checker = Checker(parse_source(f"stages: {stages}".encode(), "s.yaml"))
    return read_stages(checker), checker


def test_a_stage_with_problems_keeps_its_place_in_the_graph() -> None:
    stages, checker = read("{a: {uses: ruff}, b: {uses: ruf}, c: {uses: ruff}}")

    assert set(stages.kinds) == {"a", "c"}
    assert stages.needs == {"a": (), "b": ("a",), "c": ("b",)}
    assert stages.upstream("c") == ("b", "a")
    assert len(checker.problems) == 1


@pytest.mark.parametrize("stages", ["", "[a]", "5"])
def test_stages_that_are_no_table_are_left_to_the_document(stages: str) -> None:
    found, checker = read(stages)

    assert (dict(found.kinds), dict(found.needs)) == ({}, {})
    assert checker.problems == []


def test_a_canary_below_a_stage_with_problems_is_not_blamed_for_it() -> None:
    _, checker = read("{b: {uses: docker-build}, c: {uses: canary, environment: prod}}")

    assert [problem.message for problem in checker.problems] == [
        "stages.b: 'image' is missing",
        "stages.c.environment: unknown environment 'prod': add it under environments",
    ]


RESERVED = (
    "as break const continue else false for function if import in let loop "
    "namespace null package return true var void while"
)


@pytest.mark.parametrize("name", RESERVED.split())
def test_a_name_that_cel_keeps_for_itself_is_refused(name: str) -> None:
    _, checker = read(f"{{{name}: {{uses: ruff}}}}")

    assert [problem.message for problem in checker.problems] == [
        f"stages.{name}: {name!r} means something else in conditions: take another name"
    ]
    with pytest.raises(ExpressionError):
        compile_expression(f"{name}.x == 1", {f"{name}.x": CelType.DYN})


@pytest.mark.parametrize("name", ["int", "type", "size", "has", "math", "list", "x1"])
def test_other_words_of_cel_are_fine_as_names(name: str) -> None:
    stages, checker = read(f"{{{name}: {{uses: ruff}}}}")

    assert list(stages.kinds) == [name]
    assert checker.problems == []
    compile_expression(f"{name}.x == 1", {f"{name}.x": CelType.DYN})
