"""Unit tests of `sluicegate.stages.serving.likeness`."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.stages.serving.json_path import parse_path
from sluicegate.stages.serving.json_text import Json
from sluicegate.stages.serving.likeness import Rules, Tolerance, compare

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text("ab"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3)
    ),
    max_leaves=8,
)


def rules(*tolerances: tuple[str, float, float], **more: object) -> Rules:
    found = tuple(Tolerance(parse_path(p), a, r) for p, a, r in tolerances)
    return Rules(found, **more)  # type: ignore[arg-type]  # named as they are


def told(expected: Json, answer: Json, how: Rules | None = None) -> list[str]:
    return compare(expected, answer, how or Rules()).differences


@settings(max_examples=50)
@given(VALUES)
def test_everything_is_like_itself(value: Json) -> None:
    found = compare(value, value, Rules())

    assert found.is_alike
    assert not found.largest


@settings(max_examples=50)
@given(VALUES, VALUES)
def test_without_tolerances_only_what_is_equal_and_of_one_type_is_alike(
    one: Json, other: Json
) -> None:
    def exact(value: Json) -> object:
        """As JSON tells them apart: a boolean is no number, 1 is 1.0."""
        if isinstance(value, dict):
            return {name: exact(each) for name, each in value.items()}
        if isinstance(value, list):
            return [exact(each) for each in value]
        return (isinstance(value, bool), value)

    assert compare(one, other, Rules()).is_alike == (exact(one) == exact(other))
    assert compare(other, one, Rules()).is_alike == (exact(one) == exact(other))


@settings(max_examples=50)
@given(VALUES, VALUES)
def test_what_is_ignored_altogether_is_always_alike_and_no_value(
    one: Json, other: Json
) -> None:
    found = compare(one, other, Rules(ignored=(parse_path("$"),)))

    assert (found.is_alike, found.values) == (True, 0)


@given(NUMBERS, NUMBERS, st.floats(0, 1e6), st.floats(0, 0.99))
def test_a_number_may_differ_by_the_larger_tolerance_and_not_by_more(
    one: float, other: float, absolute: float, relative: float
) -> None:
    difference = abs(Fraction(other) - Fraction(one))
    bound = max(Fraction(absolute), Fraction(relative) * abs(Fraction(one)))
    found = compare(one, other, rules(("$", absolute, relative)))

    assert found.is_alike == (difference <= bound)
    assert found.largest == difference


@pytest.mark.parametrize(
    ("expected", "answer", "said"),
    [
        (None, False, "$ is false, expected null"),
        (True, 1, "$ is 1, expected true"),
        (1, "1", '$ is "1", expected 1'),
        (0.5, None, "$ is null, expected 0.5"),
        ({}, [], "$ is [], expected {}"),
        ({"a": None}, {}, "$.a is missing, expected null"),
        ({}, {"a": None}, "$.a is null, expected nothing"),
        ([1, 2], [2, 1], "$[0] is 2, expected 1"),
        ([1], [1, 2], "$ has 2 items, expected 1"),
        ({"a": {"b": [0.1]}}, {"a": {"b": [0.2]}}, "$.a.b[0] is 0.2, expected 0.1"),
        (2**53, 2**53 + 1, f"$ is {2**53 + 1}, expected {2**53}"),
        ("a", "\x1b[2J", '$ is "\\u001b[2J", expected "a"'),
    ],
)
def test_a_difference_is_told_in_words(expected: Json, answer: Json, said: str) -> None:
    assert told(expected, answer)[0] == said


def test_the_first_tolerance_that_fits_counts() -> None:
    how = rules(("$.a", 0.1, 0), ("$.*", 10, 0))

    assert told({"a": 1.0, "b": 1.0}, {"a": 3.0, "b": 3.0}, how) == [
        "$.a is 3.0, expected 1.0"
    ]


def test_more_fields_are_refused_unless_they_are_allowed_or_ignored() -> None:
    expected, answer = {"a": 1}, {"a": 1, "b": 2}
    ignoring = Rules(ignored=(parse_path("$.b"),))

    assert told(expected, answer) == ["$.b is 2, expected nothing"]  # type: ignore[arg-type]
    assert told(expected, answer, rules(extra=True)) == []  # type: ignore[arg-type]
    assert told(expected, answer, ignoring) == []  # type: ignore[arg-type]
    assert told(answer, expected, ignoring) == []  # type: ignore[arg-type]
    assert told(answer, expected, rules(extra=True)) == ["$.b is missing, expected 2"]  # type: ignore[arg-type]


def test_numbers_beyond_a_double_are_compared_all_the_same() -> None:
    huge = 10**400
    found = compare(1.5, huge, rules(("$", 1.0, 0.5)))

    assert found.count == 1
    assert not compare(math.ulp(0.0), 0, Rules()).is_alike


def test_of_many_differences_a_few_are_told_and_all_are_counted() -> None:
    found = compare(list(range(100)), list(range(1, 101)), Rules())

    assert (found.count, len(found.differences), found.values) == (100, 5, 100)


def test_every_value_that_was_looked_at_is_counted_once() -> None:
    expected: Json = {"a": 1, "b": [None, "x", {"c": True}], "d": 2}
    answer: Json = {"a": 1, "b": [None, "y", {"c": True}], "e": 3}

    assert compare(expected, expected, Rules()).values == 5
    assert compare(expected, answer, Rules()).values == 5
