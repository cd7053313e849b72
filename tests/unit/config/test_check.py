"""Unit tests of `sluicegate.config.check`."""

from typing import Annotated

from pydantic import Field

from sluicegate.config.check import Checker
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Problem
from sluicegate.stages.stage import Settings


class Inner(Settings):
    size: int
    ratio: float = 1.0


class Sample(Settings):
    run: Annotated[str | tuple[str, ...], Field(min_length=1)]
    inner: Inner | None = None
    names: tuple[str, ...] = Field((), min_length=1)


def problems(text: str) -> list[Problem]:
    checker = Checker(parse_source(text.encode(), "s.yaml"))
    assert checker.read(Sample, ("x",)) is None
    return checker.problems


def test_settings_are_read_strictly() -> None:
    checker = Checker(parse_source(b"x: {run: [a], inner: {size: 2}}", "s.yaml"))

    assert checker.read(Sample, ("x",)) == Sample(run=("a",), inner=Inner(size=2))
    assert checker.problems == []


def test_a_whole_number_will_do_for_a_fraction_but_text_does_not() -> None:
    checker = Checker(parse_source(b"x: {run: a, inner: {size: 2, ratio: 3}}", "s"))

    assert checker.read(Sample, ("x",)) is not None
    assert problems("x: {run: a, inner: {size: '2', ratio: '3'}}") == [
        Problem(1, 'x.inner.size: must be a whole number, not "2"'),
        Problem(1, 'x.inner.ratio: must be a number, not "3"'),
    ]


def test_the_readings_of_one_value_are_one_problem() -> None:
    assert problems("x: {run: 5}") == [
        Problem(1, "x.run: must be text or a list, like [a, b]")
    ]


def test_a_wrong_item_is_not_also_wrong_as_text() -> None:
    assert problems("x:\n  run:\n  - a\n  - 5\n") == [
        Problem(4, 'x.run.1: must be text: put it in quotes, like "5"')
    ]


def test_a_list_of_wrong_items_is_not_also_empty() -> None:
    assert problems("x: {run: a, names: [1]}") == [
        Problem(1, 'x.names.0: must be text: put it in quotes, like "1"')
    ]
    assert problems("x: {run: a, names: []}") == [
        Problem(1, "x.names: must not be empty")
    ]


def test_what_is_missing_is_said_where_it_should_stand() -> None:
    assert problems("\nx:\n  run: a\n  inner:\n    ratio: 0.5\n") == [
        Problem(4, "x.inner: 'size' is missing")
    ]


def test_a_problem_is_said_once() -> None:
    checker = Checker(parse_source(b"x: 1", "s.yaml"))
    checker.report(("x",), "bad")
    checker.report(("x",), "bad")
    checker.report((), "worse")

    assert checker.problems == [Problem(1, "x: bad"), Problem(1, "worse")]
