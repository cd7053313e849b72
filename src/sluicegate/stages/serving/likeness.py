"""Whether one JSON value is another, within tolerances. Order and types count.

``null`` is not a missing field, ``true`` is not 1, a list in another order is another
list. 1 and 1.0 are the same number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sluicegate.stages.serving.json_path import JsonPath, Part, write_place
from sluicegate.stages.serving.json_text import Json, show

_MAX_DIFFERENCES = 5  # that are told of one answer


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Numbers at *path* may differ by *absolute*, or *relative* of what is expected."""

    path: JsonPath
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class Rules:
    """How values are compared.

    The first tolerance whose path fits counts; without one numbers must be equal. What
    is at or below *ignored* paths is not looked at. *extra* says whether an answer may
    have fields that are not expected.
    """

    tolerances: tuple[Tolerance, ...] = ()
    ignored: tuple[JsonPath, ...] = ()
    extra: bool = False

    def is_ignored(self, place: Sequence[Part]) -> bool:
        """Whether nobody asks what is at *place*."""
        return any(path.covers(place) for path in self.ignored)

    def allowed(self, place: Sequence[Part], expected: Fraction) -> Fraction:
        """By how much a number at *place* may differ from *expected*."""
        for each in self.tolerances:
            if each.path.matches(place):
                share = Fraction(each.relative) * abs(expected)
                return max(Fraction(each.absolute), share)
        return Fraction(0)


@dataclass(slots=True)
class Likeness:
    """What came of a comparison.

    ``values`` were compared; ``differences`` says the first few in words, ``count`` how
    many there are; ``largest`` is the largest difference of two numbers, None without
    any.
    """

    values: int = 0
    count: int = 0
    differences: list[str] = field(default_factory=list)
    largest: Fraction | None = None

    @property
    def is_alike(self) -> bool:
        """Whether nothing differs."""
        return self.count == 0

    def differ(self, place: Sequence[Part], how: str) -> None:
        """Note a difference at *place*."""
        self.count += 1
        if len(self.differences) < _MAX_DIFFERENCES:
            self.differences.append(f"{write_place(place)} {how}")


def compare(expected: Json, answer: Json, rules: Rules) -> Likeness:
    """Compare *answer* with what is *expected*."""
    found = Likeness()
    _compare((), expected, answer, rules, found)
    return found


def _compare(
    place: tuple[Part, ...],
    expected: Json,
    answer: Json,
    rules: Rules,
    found: Likeness,
) -> None:
    if rules.is_ignored(place):
        return
    if isinstance(expected, dict) and isinstance(answer, dict):
        _compare_objects(place, expected, answer, rules, found)
    elif isinstance(expected, list) and isinstance(answer, list):
        if len(expected) != len(answer):
            found.differ(place, f"has {len(answer)} items, expected {len(expected)}")
        for index, (one, other) in enumerate(zip(expected, answer, strict=False)):
            _compare((*place, index), one, other, rules, found)
    elif _is_number(expected) and _is_number(answer):
        _compare_numbers(place, expected, answer, rules, found)
    else:
        found.values += 1
        if type(expected) is not type(answer) or expected != answer:
            found.differ(place, f"is {show(answer)}, expected {show(expected)}")


def _compare_objects(
    place: tuple[Part, ...],
    expected: dict[str, Json],
    answer: dict[str, Json],
    rules: Rules,
    found: Likeness,
) -> None:
    for name, value in expected.items():
        inner = (*place, name)
        if name in answer:
            _compare(inner, value, answer[name], rules, found)
        elif not rules.is_ignored(inner):
            found.values += 1
            found.differ(inner, f"is missing, expected {show(value)}")
    if rules.extra:
        return
    for name in sorted(answer.keys() - expected.keys()):
        if not rules.is_ignored((*place, name)):
            found.differ((*place, name), f"is {show(answer[name])}, expected nothing")


def _compare_numbers(
    place: tuple[Part, ...],
    expected: Json,
    answer: Json,
    rules: Rules,
    found: Likeness,
) -> None:
    assert isinstance(expected, int | float)
    assert isinstance(answer, int | float)
    found.values += 1
    if expected == answer:
        found.largest = found.largest or Fraction(0)
        return
    # Exact: the difference of two doubles is rounded, and of large ones infinite.
    wanted, got = Fraction(expected), Fraction(answer)
    difference = abs(got - wanted)
    found.largest = max(difference, found.largest or Fraction(0))
    if difference > rules.allowed(place, wanted):
        found.differ(place, f"is {show(answer)}, expected {show(expected)}")


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
