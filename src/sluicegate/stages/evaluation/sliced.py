"""What can be said of each slice, and of all of them together. Pure.

A rule holds if each slice shows it with the confidence asked for: to be wrong about all
of them together, one must be wrong about the worst, so nothing is corrected (Berger
1982). It does not hold if any slice shows the contrary, with the error divided by the
number of slices (Bonferroni), or one of many would by chance. Everything else is
inconclusive, and so is a slice with few examples.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sluicegate.stages.evaluation.slicing import Count
from sluicegate.stats.contrast import contrast_interval
from sluicegate.stats.interval import Interval
from sluicegate.stats.proportion import clopper_pearson
from sluicegate.stats.sample_size import examples_needed

Kind = Literal["min", "gap", "ratio"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What every slice must satisfy.

    ``min``: its share is above ``limit``. ``gap``: it is less than ``limit`` below that
    of all other examples. ``ratio``: it is more than ``limit`` times theirs.
    """

    kind: Kind
    limit: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of a slice.

    Attributes:
        count: its examples that the share is about.
        seen: what is above zero where the rule holds; None without any example.
        lower: lower bound of it; ``holds`` if it is above zero.
        holds: whether the rule is shown, or the contrary; None if neither.
        needed: examples with which it would be; None if it is, or none would.
    """

    count: Count
    seen: float | None
    lower: float | None
    holds: bool | None
    needed: int | None = None


def judge_slices(
    rule: Rule,
    counts: Mapping[str, Count],
    whole: Count,
    *,
    confidence: float,
    power: float,
    least: int,
) -> dict[str, Finding]:
    """Say of each slice whether *rule* holds; *whole* counts all examples."""
    strict = 1 - (1 - confidence) / len(counts)
    found = {}
    for name, counted in counts.items():
        rest = whole - counted
        if counted.n == 0 or (rule.kind != "min" and rest.n == 0):
            found[name] = Finding(counted, None, None, holds=None)
            continue
        seen, deviation = _seen(rule, counted, rest)
        lower = _bounds(rule, counted, rest, confidence).lower
        upper = _bounds(rule, counted, rest, strict).upper
        holds = True if lower > 0 else False if upper < 0 else None
        if counted.n < least:
            holds = None
        needed = None
        if holds is None and seen > 0:
            needed = examples_needed(
                deviation, seen, confidence=confidence, power=power
            )
            needed = max(needed, least, counted.n + 1)
        found[name] = Finding(counted, seen, lower, holds, needed)
    return found


def conclude_slices(found: Mapping[str, Finding]) -> bool | None:
    """Whether the rule holds of all slices; None where it is not known."""
    if any(each.holds is False for each in found.values()):
        return False
    return True if all(each.holds for each in found.values()) else None


def _bounds(rule: Rule, counted: Count, rest: Count, confidence: float) -> Interval:
    if rule.kind == "min":
        found, less = clopper_pearson(counted.k, counted.n, confidence), rule.limit
    else:
        ratio = rule.limit if rule.kind == "ratio" else 1.0
        pair = (counted.k, counted.n), (rest.k, rest.n)
        found = contrast_interval(*pair, confidence, ratio=ratio)
        less = 0.0 if rule.kind == "ratio" else -rule.limit
    return Interval(found.lower - less, found.upper - less)


def _seen(rule: Rule, counted: Count, rest: Count) -> tuple[float, float]:
    """The estimate of what must be above zero, and the deviation of one example.

    Of a share of none or all, one more is taken to be otherwise.
    """
    share = counted.k / counted.n
    spread = _spread(counted)
    if rule.kind == "min":
        return share - rule.limit, math.sqrt(spread)
    ratio = rule.limit if rule.kind == "ratio" else 1.0
    spread += ratio * ratio * _spread(rest) * counted.n / rest.n
    gap = 0.0 if rule.kind == "ratio" else rule.limit
    return share - ratio * rest.k / rest.n + gap, math.sqrt(spread)


def _spread(counted: Count) -> float:
    share = (counted.k + 0.5) / (counted.n + 1)
    return share * (1 - share)
