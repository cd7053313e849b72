"""What a metric says of each example: a number, of which the metric is the mean."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.predictions import Predictions, Scalar

Direction = Literal["higher", "lower"]

_LEAST = 1e-15  # a probability that is not so near to 0 or 1 that its loss is endless


class Measure(NamedTuple):
    """A number for each example, and which way is better.

    ``is_share`` says that each is 0 or 1.
    """

    read: Callable[[Predictions], tuple[float, ...]]
    better: Direction
    is_share: bool = False


def of_column(column: str, better: Direction) -> Measure:
    """What the user has computed for each example, in *column*."""
    return Measure(lambda rows: rows.numbers(column), better)


def _right(rows: Predictions) -> tuple[float, ...]:
    pairs = zip(rows.values("y"), rows.values("yhat"), rows.lines, strict=True)
    return tuple(float(_is_right(y, yhat, rows, line)) for y, yhat, line in pairs)


def _is_right(y: Scalar, yhat: Scalar, rows: Predictions, line: int) -> bool:
    if type(y) is not type(yhat):
        kinds = f"{type(y).__name__} and {type(yhat).__name__}"
        raise PermanentError(
            f"{rows.source}:{line}: y and yhat are of different kinds ({kinds})",
            hint="they would never be equal; write labels alike",
        )
    return y == yhat


def _errors(rows: Predictions) -> list[float]:
    pairs = zip(rows.numbers("y"), rows.numbers("yhat"), strict=True)
    return [yhat - y for y, yhat in pairs]


def _probabilities(rows: Predictions) -> list[tuple[float, float]]:
    found = []
    triples = zip(rows.values("y"), rows.numbers("score"), rows.lines, strict=True)
    for y, score, line in triples:
        if y not in (0, 1) or not 0 <= score <= 1:
            raise PermanentError(
                f"{rows.source}:{line}: y must be 0 or 1, and score a probability",
                hint="for other labels compute the loss yourself, and name its column",
            )
        found.append((float(y), score))
    return found


def _log_loss(y: float, score: float) -> float:
    likely = score if y else 1 - score
    return -math.log(min(max(likely, _LEAST), 1.0))


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "accuracy": Measure(_right, "higher", is_share=True),
        "loss": of_column("loss", "lower"),
        "logloss": Measure(
            lambda rows: tuple(_log_loss(*each) for each in _probabilities(rows)),
            "lower",
        ),
        "brier": Measure(
            lambda rows: tuple((s - y) ** 2 for y, s in _probabilities(rows)),
            "lower",
        ),
        "absolute_error": Measure(
            lambda rows: tuple(map(abs, _errors(rows))),
            "lower",
        ),
        "squared_error": Measure(
            lambda rows: tuple(error * error for error in _errors(rows)),
            "lower",
        ),
    }
)
"""The metrics that need no column of their own."""
