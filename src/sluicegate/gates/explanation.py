"""What a gate was judged on, told condition by condition. Pure.

The log holds of a condition its text, its verdict and the reason. The reason of one
that was judged names every value that it read, so what is told here is what the gate
saw, not what is found now.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.evidence import Value

_ONE = "it"  # what the reason calls the value of a condition that reads one alone


@dataclass(frozen=True, slots=True)
class Reading:
    """A name that a condition reads, and its value; None if it was not measured."""

    name: str
    value: Value | None
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """A condition or another rule of a gate.

    ``verdict`` is None if it was not judged. ``reason`` says why it was judged so,
    where the readings do not say it already.
    """

    text: str
    verdict: Verdict | None
    reason: str
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedGate:
    """A gate. ``verdict`` is None, and ``reason`` says why, if it was not judged.

    ``environment`` is where it lets in, None for the gate of a stage.
    """

    environment: str | None
    verdict: Verdict | None
    reason: str
    rules: tuple[ExplainedRule, ...]


def explain_result(
    result: ConditionResult,
    measured: Mapping[str, Value],
    meanings: Mapping[str, tuple[str, str]],
) -> ExplainedRule:
    """Tell what a recorded condition has read.

    Args:
        result: as the log has it.
        measured: the evidence that the gate had, for what the reason does not name.
        meanings: unit and meaning of every name that conditions may read.
    """
    names = names_in(result.condition, {*measured, *meanings})
    seen = read_reason(result, names)
    values = measured if seen is None else seen
    return ExplainedRule(
        result.condition,
        result.verdict,
        "" if seen is not None else _without_text(result),
        tuple(_reading(name, values.get(name), meanings) for name in names),
    )


def explain_text(
    text: str, meanings: Mapping[str, tuple[str, str]], measured: Mapping[str, Value]
) -> ExplainedRule:
    """Tell what a condition would read that was not judged."""
    return ExplainedRule(
        text,
        None,
        "",
        tuple(
            _reading(name, measured.get(name), meanings)
            for name in names_in(text, {*measured, *meanings})
        ),
    )


def names_in(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Which of the names *known* a condition reads; none if it is no condition."""
    try:
        return compile_condition(text, known).names
    except ExpressionError:
        return ()


def read_reason(
    result: ConditionResult, names: tuple[str, ...]
) -> Mapping[str, Value] | None:
    """The values that the reason of *result* names; None if it is of another kind.

    A long text is cut off there, and here.
    """
    rest = _without_text(result)
    labels = (_ONE,) if len(names) == 1 else names
    found: dict[str, Value] = {}
    for name, label in zip(names, labels, strict=True):
        head = f"{', ' if found else ''}{label} is "
        if not rest.startswith(head):
            continue  # judged without it, at a first release
        rest = rest.removeprefix(head)
        try:
            value, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            return None
        if not isinstance(value, bool | int | float | str):
            return None
        found[name], rest = value, rest[end:]
    return found if found and not rest else None


def _without_text(result: ConditionResult) -> str:
    return result.reason.removeprefix(f"{' '.join(result.condition.split())}: ")


def _reading(
    name: str, value: Value | None, meanings: Mapping[str, tuple[str, str]]
) -> Reading:
    unit, meaning = meanings.get(name, ("", ""))
    return Reading(name, value, unit, meaning)
