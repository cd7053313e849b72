"""The evidence of a rollout as bars, one towards each bound. Pure.

Where there is little room the bars go first; how far it is is always told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sluicegate.canary.bounds import Bounds
from sluicegate.report.rollout import MetricProgress, RolloutProgress

Piece = tuple[str, str]
"""A text, and its style: ``""``, ``dim``, ``bold``, ``good``, ``bad`` or ``warn``."""

_ROWS = 4
"""Metrics that are shown; of others only the number is."""

_HEAD = "evidence"
_PERCENT = 6  # columns of " 100 %"
_GAP = 2  # columns before it, and before a bar
_BAR = (4, 20)  # columns, at least and at most
_NEAR = 0.5  # of the way to an abort


@dataclass(frozen=True, slots=True)
class RolloutTerms:
    """What a rollout goes by. ``block`` is the time between two looks.

    ``bounds`` are those of each metric by name, failed requests first.
    """

    bounds: Mapping[str, Bounds]
    block: timedelta


@dataclass(frozen=True, slots=True)
class Marks:
    """What bars are made of."""

    full: str = "█"
    half: str = "▌"
    empty: str = "·"
    reached: str = "✓"


ASCII = Marks("#", "=", ".", "ok")
"""For terminals that have nothing else."""

BARS = Marks()
"""For all others."""


def evidence_rows(
    state: RolloutProgress, terms: RolloutTerms, width: int, marks: Marks
) -> Iterator[tuple[Piece, ...]]:
    """A row for each leading metric: how far it is to an abort, and to a promotion."""
    names = leading(state, terms)
    longest = min(max(len(_HEAD), *map(len, names)), max(len(_HEAD), width // 4))
    room = (width - longest - 2 * (_GAP + _PERCENT)) // 2
    bar = min(room, _BAR[1]) if room >= _BAR[0] else 0
    align = "<" if bar else ">"
    bounds = (f"{each:{align}{bar + _PERCENT}}" for each in ("abort", "promote"))
    gap = " " * _GAP
    yield ((gap.join((f"{_HEAD:<{longest}}", *bounds)), "dim"),)
    warns = replace(marks, reached="100 %")
    for name in names:
        found = state.metrics.get(name, MetricProgress(is_read=False))
        needed = terms.bounds[name]
        style = "" if found.is_read else "dim"
        aborts = _way(found.abort, needed.abort)
        promotes = _way(found.promote, needed.promote)
        is_proven = _way(found.promote_peak, needed.promote) >= 1
        yield (
            (_cut(name, longest), style),
            *_gauge(aborts if needed.abort else None, bar, _worry(aborts), warns),
            *_gauge(
                None if needed.promote is None else 1.0 if is_proven else promotes,
                bar,
                "good",
                marks,
            ),
        )
    hidden = len(terms.bounds) - len(names)
    if hidden:
        more = "1 more metric" if hidden == 1 else f"{hidden} more metrics"
        yield ((f"and {more}", "dim"),)


def leading(state: RolloutProgress, terms: RolloutTerms) -> list[str]:
    """The metrics that matter most now, in their order.

    They are failed requests, the one nearest to an abort, and those that promotion
    waits for the longest.
    """
    first, *others = terms.bounds

    def abort(name: str) -> float:
        found = state.metrics.get(name, MetricProgress())
        return _way(found.abort, terms.bounds[name].abort)

    def promote(name: str) -> float:
        found = state.metrics.get(name, MetricProgress())
        needed = terms.bounds[name].promote
        return 2.0 if needed is None else min(1.0, _way(found.promote_peak, needed))

    chosen = {first, *sorted(others, key=abort, reverse=True)[:1]}
    for name in sorted(others, key=promote):
        if len(chosen) < _ROWS:
            chosen.add(name)
    return [name for name in terms.bounds if name in chosen]


def _way(micronats: int, needed: int | None) -> float:
    return max(0.0, micronats / needed) if needed else 0.0


def _worry(share: float) -> str:
    return "bad" if share >= _NEAR else ""


def _gauge(
    share: float | None, bar: int, style: str, marks: Marks
) -> tuple[Piece, ...]:
    """A bar and the percentage beside it; None: of no account."""
    if share is None:
        return ((" " * (_GAP + bar + _PERCENT - 1) + "-", "dim"),)
    halves = min(2 * bar, int(share * 2 * bar))
    full = marks.full * (halves // 2) + marks.half * (halves % 2)
    percent = marks.reached if share >= 1 else f"{int(100 * share)} %"
    return (
        (" " * _GAP, ""),
        (full, style),
        (marks.empty * (bar - len(full)), "dim"),
        (f"{percent:>{_PERCENT}}", style),
    )


def _cut(name: str, width: int) -> str:
    return name.ljust(width) if len(name) <= width else f"{name[: width - 1]}…"
