"""What all the numbers that are given for a metric may stand for, together. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from sluicegate.stages.model_docs.statement import Said, Statements


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the documents say of a metric.

    Attributes:
        value: the number that is given most exactly.
        low: the least that everything said may stand for.
        high: the most; below ``low`` where they contradict each other.
        best: where the value stands.
        against: numbers that contradict it.
        is_coarse: it has too few digits, so it stands for itself alone.
    """

    value: Decimal
    low: Decimal
    high: Decimal
    best: Said
    against: tuple[Said, ...]
    is_coarse: bool


def agree(said: Statements, digits: int) -> Agreed | None:
    """What *said* comes to; None where nothing is said for sure.

    At least *digits* digits must be given somewhere: 0.9 could stand for 0.86.
    """
    if not said.sure:
        return None
    best = min(said.sure, key=lambda each: (each.figure.half, each.line))
    bounds = [_bounds(each) for each in said.sure]
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    is_coarse = best.figure.digits < digits
    against = [each for each in (*said.sure, *said.passing) if not _overlap(each, best)]
    against += [
        group[0]
        for group in said.several
        if not any(_overlap(each, best) for each in group)
    ]
    if is_coarse:
        low = max(low, best.figure.value)
        high = min(high, best.figure.value)
    return Agreed(best.figure.value, low, high, best, tuple(against), is_coarse)


def _bounds(said: Said) -> tuple[Decimal, Decimal]:
    figure = said.figure
    return figure.value - figure.half, figure.value + figure.half


def _overlap(one: Said, other: Said) -> bool:
    (low, high), (least, most) = _bounds(one), _bounds(other)
    return low <= most and least <= high
