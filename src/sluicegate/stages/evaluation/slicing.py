"""The examples of a file by slice, and a share of each slice. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.measures import MEASURES
from sluicegate.stages.evaluation.predictions import Predictions, Scalar

Share = Literal["accuracy", "recall", "precision", "specificity", "selection_rate"]

_MOST_SLICES = 100  # of a column: more are a column of numbers, or of names


@dataclass(frozen=True, slots=True)
class Count:
    """How many of how many; nothing is known of none of none."""

    k: int
    n: int

    def __sub__(self, other: "Count") -> "Count":
        """What is left of the examples without those of *other*."""
        return Count(self.k - other.k, self.n - other.n)


def slices_of(rows: Predictions, by: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The places of the examples of each slice, like ``region=EU``, by name.

    Raises:
        PermanentError: there is no such column, or it has too many values.
    """
    found: dict[str, list[int]] = {}
    for column in by:
        values = rows.values(column)
        if len(set(map(_word, values))) > _MOST_SLICES:
            raise PermanentError(
                f"{rows.source}: column {column} has more than {_MOST_SLICES} values",
                hint="write a band or a group into a column of its own",
            )
        for at, value in enumerate(values):
            found.setdefault(f"{column}={_word(value)}", []).append(at)
    return {name: tuple(found[name]) for name in sorted(found)}


def _word(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{int(value)}" if value.is_integer() else repr(value)
    return value


def outcomes(rows: Predictions, share: Share, positive: Scalar) -> list[bool | None]:
    """Of each example whether it counts; None where the share is not about it.

    Raises:
        PermanentError: labels are missing, or not all of one kind.
    """
    right = [bool(each) for each in MEASURES["accuracy"].read(rows)]
    if share == "accuracy":
        return list(right)
    is_true = [_same(y, positive, rows) for y in rows.values("y")]
    is_said = [_same(yhat, positive, rows) for yhat in rows.values("yhat")]
    if share == "selection_rate":
        return list(is_said)
    about = {
        "recall": is_true,
        "precision": is_said,
        "specificity": [not each for each in is_true],
    }[share]
    return [ok if asked else None for ok, asked in zip(right, about, strict=True)]


def _same(value: Scalar, positive: Scalar, rows: Predictions) -> bool:
    if type(value) is not type(positive):
        raise PermanentError(
            f"{rows.source}: labels are not of the kind of positive: {positive!r}",
            hint="say which label is meant, like `positive: churned`",
        )
    return value == positive


def count(found: Sequence[bool | None], places: Sequence[int]) -> Count:
    """Count *found* at *places*."""
    about = [found[at] for at in places if found[at] is not None]
    return Count(sum(map(bool, about)), len(about))


def count_all(
    found: Sequence[bool | None], slices: Mapping[str, tuple[int, ...]]
) -> dict[str, Count]:
    """Count *found* in each of *slices*."""
    return {name: count(found, places) for name, places in slices.items()}
