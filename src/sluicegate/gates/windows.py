"""When a release may happen: change windows, and freezes. Pure.

A window holds its first moment and not its end. Outside all windows, and within any
freeze, the answer is *pending*: the same release may happen later.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from sluicegate.gates.recurrence import (
    check_cron,
    check_timezone,
    covered_until,
    covers,
    next_start,
)
from sluicegate.gates.when import write_length, write_moment
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.policy import Freeze, Window

__all__ = ["check_cron", "check_timezone", "judge_windows", "next_opening"]

_MAX_STEPS = 100
"""How many openings that are frozen, and ends of freezes, are looked at."""


def judge_windows(
    windows: Sequence[Window], freezes: Sequence[Freeze], now: datetime
) -> tuple[ConditionResult, ...]:
    """Judge the time *now*: one result for all windows together, one for each freeze.

    Raises:
        ValueError: a window was never checked (`check_cron`, `check_timezone`).
    """
    results = [_judge_freeze(freeze, now) for freeze in freezes]
    if windows:
        results.insert(0, _judge_windows(windows, freezes, now))
    return tuple(results)


def next_opening(
    windows: Sequence[Window], freezes: Sequence[Freeze], now: datetime
) -> datetime | None:
    """The first moment, *now* or later, that is in a window and in no freeze.

    None if there is none in sight.
    """
    at, known = now, True
    for _ in range(_MAX_STEPS):
        frozen = next((one for one in freezes if _freezes(one, at)), None)
        if frozen is not None:
            following, known = _frozen_until(frozen, at)
        elif windows and not any(covers(window, at) for window in windows):
            following = _next_of(windows, at)
        else:
            return at
        if following is None or not known:
            return None
        at = following
    return None


def _judge_windows(
    windows: Sequence[Window], freezes: Sequence[Freeze], now: datetime
) -> ConditionResult:
    text = "change window: " + ", or ".join(map(_describe, windows))
    inside = [window for window in windows if covers(window, now)]
    if inside:
        ends = [(covered_until(window, now), window) for window in inside]
        (end, known), window = max(ends, key=lambda one: one[0])
        until = write_moment(end, ZoneInfo(window.timezone))
        reason = f"inside a change window {'' if known else 'at least '}until {until}"
        return ConditionResult(text, Verdict.OPEN, reason)
    reason = f"outside every change window; {_next_words(windows, freezes, now)}"
    return ConditionResult(text, Verdict.PENDING, reason)


def _next_words(
    windows: Sequence[Window], freezes: Sequence[Freeze], now: datetime
) -> str:
    opening = next_opening(windows, freezes, now)
    if opening is None:
        return "no next one is in sight"
    zone = next(one.timezone for one in windows if covers(one, opening))
    when = write_moment(opening, ZoneInfo(zone))
    if opening == _next_of(windows, now):
        return f"the next opens {when}"
    return f"the next that is not frozen opens {when}"


def _next_of(windows: Iterable[Window], at: datetime) -> datetime | None:
    starts = [next_start(window, at) for window in windows]
    return min((start for start in starts if start is not None), default=None)


def _judge_freeze(freeze: Freeze, now: datetime) -> ConditionResult:
    text = f"no freeze: {_describe_freeze(freeze)}"
    if not _freezes(freeze, now):
        return ConditionResult(text, Verdict.OPEN, f"not frozen now: {freeze.reason}")
    end, known = _frozen_until(freeze, now)
    if end is None:
        reason = f"frozen until the rules are changed: {freeze.reason}"
    else:
        when = write_moment(end, _zone_of(freeze))
        at_least = "" if known else "at least "
        reason = f"frozen {at_least}until {when}: {freeze.reason}"
    return ConditionResult(text, Verdict.PENDING, reason)


def _freezes(freeze: Freeze, at: datetime) -> bool:
    """Whether it is frozen at *at*. A moment that is not given limits nothing."""
    if freeze.window is not None:
        return covers(freeze.window, at)
    return (freeze.start is None or freeze.start <= at) and (
        freeze.end is None or at < freeze.end
    )


def _frozen_until(freeze: Freeze, at: datetime) -> tuple[datetime | None, bool]:
    """When *freeze*, which covers *at*, ends, and whether it surely does."""
    if freeze.window is not None:
        return covered_until(freeze.window, at)
    return freeze.end, True


def _describe(window: Window) -> str:
    return f'"{window.cron}" {window.timezone} for {write_length(window.lasts)}'


def _describe_freeze(freeze: Freeze) -> str:
    if freeze.window is not None:
        return f"{freeze.reason} ({_describe(freeze.window)})"
    start = "" if freeze.start is None else f"from {freeze.start.isoformat()} "
    end = "" if freeze.end is None else f"to {freeze.end.isoformat()}"
    return f"{freeze.reason} ({(start + end).strip() or 'always'})"


def _zone_of(freeze: Freeze) -> tzinfo:
    """The clocks that whoever wrote *freeze* goes by."""
    if freeze.window is not None:
        return ZoneInfo(freeze.window.timezone)
    return (freeze.end and freeze.end.tzinfo) or UTC
