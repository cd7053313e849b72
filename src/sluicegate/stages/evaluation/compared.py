"""What a comparison reports: its fields, and what people read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sluicegate.errors import PermanentError
from sluicegate.model.evidence import Value
from sluicegate.stages.evaluation.comparison import (
    Answer,
    Question,
    Test,
    conclude,
    look,
)
from sluicegate.stages.evaluation.measures import Measure
from sluicegate.stages.evaluation.predictions import Predictions
from sluicegate.stages.stage import FieldSpec, Report

_MOST_RESAMPLED = 10_000  # examples; two thousand times as many draws take seconds
_LARGEST = 1e9  # what the log can hold, in millionths
_MAX_TEXT = 1000  # an entry of the log has 32 KiB for everything


@dataclass(frozen=True, slots=True)
class Terms:
    """What is compared and how; keys are names of metrics, in one order."""

    measures: Mapping[str, Measure]
    questions: Mapping[str, Question]
    confidence: float
    power: float
    corrects: bool
    least: int
    on_inconclusive: Literal["pending", "block", "approval"]


def fields_of(
    tests: Mapping[str, Test],
    *,
    may_be_unsure: bool,
    may_ask: bool,
    is_named: bool = False,
) -> tuple[FieldSpec, ...]:
    """The fields of a comparison of the metrics *tests*.

    The champion *is_named* where it comes from what knows of models.
    """
    specs = [
        FieldSpec("compared", "boolean", "Whether there was a champion to compare."),
        FieldSpec("examples", "integer", "Examples that both models answered."),
        FieldSpec("candidate_digest", "text", "SHA-256 of the candidate's file."),
        FieldSpec("champion_digest", "text", "SHA-256 of the champion's file."),
    ]
    if is_named:
        specs += [
            FieldSpec(
                "champion_version", "text", "The release, or the version in MLflow."
            ),
            FieldSpec(
                "champion_run",
                "text",
                "The run that released it, or the one that MLflow names.",
            ),
        ]
    for name, test in tests.items():
        specs += _fields_of_metric(name, test)
    if may_be_unsure:
        specs.append(
            FieldSpec(
                "inconclusive",
                "text",
                "Which metrics the examples cannot decide, and how many it would take.",
            )
        )
    if may_ask:
        specs.append(
            FieldSpec("needs_approval", "text", "What is left to people, and why.")
        )
    return tuple(specs)


def _fields_of_metric(name: str, test: Test) -> Iterator[FieldSpec]:
    unit = "as the metric"
    what = "worse by less than" if test == "noninferior" else "better by more than"
    yield FieldSpec(
        f"{name}_{test}",
        "boolean",
        f"Whether {name} is {what} the margin; absent where the examples cannot tell.",
    )
    yield FieldSpec(f"{name}_candidate", "number", f"{name} of the candidate.", unit)
    yield FieldSpec(f"{name}_champion", "number", f"{name} of the champion.", unit)
    yield FieldSpec(
        f"{name}_difference", "number", "Candidate's less the champion's.", unit
    )
    yield FieldSpec(
        f"{name}_lower", "number", "Lower bound of the difference, one-sided.", unit
    )
    yield FieldSpec(
        f"{name}_upper", "number", "Upper bound of the difference, one-sided.", unit
    )
    yield FieldSpec(
        f"{name}_p", "number", "P-value against the claim, corrected.", "probability"
    )
    yield FieldSpec(
        f"{name}_needed",
        "integer",
        "Examples that would show the claim; absent where nothing would, or need.",
    )


def describe_first(
    measures: Mapping[str, Measure], read: Predictions
) -> dict[str, Value]:
    """What can be said of a model that has no champion."""
    fields: dict[str, Value] = {"examples": len(read.ids)}
    for name, measure in measures.items():
        fields[f"{name}_candidate"] = _mean(measure.read(read), name)
    return fields


def compare(terms: Terms, read: Predictions, before: Predictions) -> Report:
    """Compare *read* with *before*, which has the same examples in the same order.

    Raises:
        PermanentError: they do not agree what is right, or cannot be measured.
    """
    _check_labels(read, before)
    n = len(read.ids)
    if n < 2:  # noqa: PLR2004 - one difference has no deviation
        raise PermanentError("one example compares nothing: there must be at least 2")
    fields: dict[str, Value] = {"compared": True, "examples": n}
    looks = []
    for name, measure in terms.measures.items():
        question = terms.questions[name]
        if question.bootstrap is not None and n > _MOST_RESAMPLED:
            raise PermanentError(
                f"{name}: a bootstrap of {n} examples is too much",
                hint=f"with more than {_MOST_RESAMPLED}, take `interval: t`",
            )
        new, old = measure.read(read), measure.read(before)
        fields[f"{name}_candidate"] = _mean(new, name)
        fields[f"{name}_champion"] = _mean(old, name)
        sign = 1 if measure.better == "higher" else -1
        gains = [sign * (a - b) for a, b in zip(new, old, strict=True)]
        looks.append(look(question, gains, terms.confidence))
    answers = conclude(
        tuple(terms.questions.values()),
        looks,
        terms.confidence,
        power=terms.power,
        corrects=terms.corrects,
        least=terms.least,
    )
    said = []
    for (name, measure), answer in zip(terms.measures.items(), answers, strict=True):
        question = terms.questions[name]
        fields |= _fields(name, measure, question, answer)
        said.append(_describe(name, measure, question, answer))
    unsure = [
        text for text, answer in zip(said, answers, strict=True) if answer.holds is None
    ]
    if unsure:
        fields |= _word(terms, unsure)
    return Report(f"{n} examples: {'; '.join(said)}", fields)


def _word(terms: Terms, unsure: Sequence[str]) -> dict[str, Value]:
    text = "; ".join(unsure)
    text = text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"
    match terms.on_inconclusive:
        case "pending":
            return {"inconclusive": text}
        case "approval":
            return {"needs_approval": f"inconclusive: {text}"[:_MAX_TEXT]}
        case "block":
            return {}


def _fields(
    name: str, measure: Measure, question: Question, answer: Answer
) -> dict[str, Value]:
    lower, upper = _turned(measure, answer)
    gain = answer.gain if measure.better == "higher" else -answer.gain
    numbers = {"difference": gain, "lower": lower, "upper": upper, "p": answer.p}
    fields: dict[str, Value] = {
        f"{name}_{key}": _storable(value, name) for key, value in numbers.items()
    }
    if answer.holds is not None:
        fields[f"{name}_{question.test}"] = answer.holds
    if answer.needed is not None:
        fields[f"{name}_needed"] = answer.needed
    return fields


def _describe(name: str, measure: Measure, question: Question, answer: Answer) -> str:
    lower, upper = _turned(measure, answer)
    gain = answer.gain if measure.better == "higher" else -answer.gain
    seen = f"{name} {gain:+.4g} ({lower:+.4g} to {upper:+.4g})"
    claim = f"at most {question.margin:g} worse"
    if question.test == "superior":
        claim = f"more than {question.margin:g} better"
    match answer.holds:
        case True:
            return f"{seen} is {claim}"
        case False:
            return f"{seen} is not {claim}"
        case None:
            return f"{seen}: {claim}? {_describe_needed(answer)}"


def _describe_needed(answer: Answer) -> str:
    if answer.needed is None:
        return f"{answer.n} examples do not tell, and more would hardly show it"
    return f"{answer.n} examples do not tell, about {answer.needed} would"


def _turned(measure: Measure, answer: Answer) -> tuple[float, float]:
    """The bounds of the difference itself, which is no gain where less is better."""
    if measure.better == "higher":
        return answer.bounds.lower, answer.bounds.upper
    return -answer.bounds.upper, -answer.bounds.lower


def _mean(values: Sequence[float], name: str) -> float:
    return _storable(math.fsum(values) / len(values), name)


def _storable(value: float, name: str) -> float:
    if not abs(value) <= _LARGEST:
        raise PermanentError(
            f"{name} is too large for the log: {value:g}",
            hint="compute it in a larger unit",
        )
    return value + 0.0  # no negative zero


def _check_labels(read: Predictions, before: Predictions) -> None:
    """Refuse files whose examples are not the same after all."""
    if "y" not in read.columns or "y" not in before.columns:
        return
    pairs = zip(read.columns["y"], before.columns["y"], strict=True)
    for index, (new, old) in enumerate(pairs):
        if type(new) is not type(old) or new != old:
            raise PermanentError(
                f"{read.source}:{read.lines[index]}: y is another one than in"
                f" {before.source}:{before.lines[index]}",
                hint="the two models must be measured by the same truth",
            )
