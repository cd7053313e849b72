"""How a rollout under way stands, in a few lines that fit where they stand. Pure.

Where there is little room, intervals go first, then the bars; the evidence itself is
always told. Names come from whoever wrote them: the texts are not escaped here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sluicegate.canary.writing import format_count, format_digits, format_seconds
from sluicegate.model.traffic import RequestCounts
from sluicegate.report.interval import wilson
from sluicegate.report.rollout import RolloutProgress
from sluicegate.report.rollout_bars import (
    BARS,
    Marks,
    Piece,
    RolloutTerms,
    evidence_rows,
)


def live_lines(
    state: RolloutProgress,
    terms: RolloutTerms | None,
    now: datetime,
    width: int,
    marks: Marks = BARS,
) -> list[tuple[Piece, ...]]:
    """The lines, none wider than *width* columns of plain letters.

    Args:
        state: the rollout.
        terms: what it goes by; None: no evidence is shown.
        now: the time, UTC.
        width: in columns, at least 1.
        marks: what bars are made of.
    """
    lines: list[tuple[Piece, ...]] = [((_describe_weight(state), "bold"),)]
    if state.result:
        return lines
    lines += seen_lines(state, terms, width, marks)
    lines += _times(state, terms, now, width)
    return lines


def seen_lines(
    state: RolloutProgress, terms: RolloutTerms | None, width: int, marks: Marks = BARS
) -> list[tuple[Piece, ...]]:
    """What was seen of both releases, and how far the evidence is; arguments as above.

    Before the first block there is nothing.
    """
    if not state.blocks:
        return []
    rows = [] if terms is None else evidence_rows(state, terms, width, marks)
    return [*_rates(state, width), *rows]


def _describe_weight(state: RolloutProgress) -> str:
    beside = f", beside {state.before}" if state.before else ""
    if state.result:
        said = f"{state.release} {state.result.replace('_', ' ')}"
        return f"{said} in {state.environment}"
    if not state.is_ready and not state.percent:
        return f"{state.release} starts in {state.environment}{beside}"
    asked = f", soon {state.asked} %" if state.asked is not None else ""
    return (
        f"{state.release} has {state.percent} % of {state.environment}{asked}{beside}"
    )


def _rates(state: RolloutProgress, width: int) -> Iterator[tuple[Piece, ...]]:
    counted = [("canary", state.canary), ("stable", state.stable)]
    totals = [format_count(counts.total) for _, counts in counted]
    widest = max(map(len, totals))
    for (name, counts), total in zip(counted, totals, strict=True):
        share = _percent(counts.failed / counts.total) if counts.total else "none"
        said = f"{name} fails {share:>7} of {total:>{widest}}"
        if len(said) > width:
            said = f"{name} {share} of {total}"
        interval = _interval(counts)
        if not interval or len(said) + 2 + len(interval) > width:
            yield ((said, ""),)
        else:
            yield ((said, ""), (f"  {interval}", "dim"))


def _interval(counts: RequestCounts) -> str:
    if not counts.total:
        return ""
    low, high = wilson(counts)
    return f"95 % Wilson interval {_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{format_digits(100 * share)} %"


def _times(
    state: RolloutProgress, terms: RolloutTerms | None, now: datetime, width: int
) -> Iterator[tuple[Piece, ...]]:
    if state.paused is not None:
        said = state.directed
        people = ", ".join(each.person for each in said.by) if said else ""
        by = f" by {people}" if people else ""
        why = f": {' '.join(said.reason.split())}" if said and said.reason else ""
        since = format_seconds(_seconds(now - state.paused))
        yield ((f"PAUSED for {since}{by}{why}", "warn"),)
    if state.drift is not None:
        since = format_seconds(_seconds(now - state.drift.at))
        what = " ".join(state.drift.what.split())
        yield ((f"DRIFTED for {since}, so it holds: {what}", "warn"),)
    parts = []
    if state.verdict:
        parts.append(f"verdict: {state.verdict}, being carried out")
    elif terms is not None and state.looked is not None:
        left = _seconds(state.looked + terms.block - now)
        parts.append(f"next look in {format_seconds(left)}" if left else "looking")
    if state.deadline is not None and state.paused is None and not state.verdict:
        left = _seconds(state.deadline - now)
        parts.append(
            f"deadline in {format_seconds(left)}" if left else "past the deadline"
        )
    line = ", ".join(parts)
    if len(line) <= width or len(parts) == 1:
        parts = [line] if line else []
    for part in parts:
        yield ((part, "dim"),)


def _seconds(passed: timedelta) -> float:
    """Whole seconds, since live lines need no more."""
    return float(max(0, round(passed.total_seconds())))
