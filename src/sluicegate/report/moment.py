"""Moments for people."""

from datetime import datetime, timedelta

_RECENT = timedelta(seconds=45)
_HOURS = timedelta(minutes=90)
_DAYS = timedelta(hours=36)
_DATES = timedelta(days=10)


def format_moment(at: datetime) -> str:
    """Write *at*, which is in UTC: ``2026-11-22 10:03:21Z``."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def format_until(at: datetime, now: datetime) -> str:
    """Say in how long *at* is: ``in 3 h``; or how long ago it was."""
    left = at - now
    if left <= timedelta(0):
        return format_ago(at, now)
    if left < _HOURS:
        return f"in {max(1, left // timedelta(minutes=1))} min"
    if left < _DAYS:
        return f"in {left // timedelta(hours=1)} h"
    return f"in {left // timedelta(days=1)} days"


def format_ago(at: datetime, now: datetime) -> str:
    """Say how long ago *at* was, or when, if that is more than a few days.

    A moment to come, on a clock that runs ahead, is just now.
    """
    passed = now - at
    if passed < _RECENT:
        return "just now"
    if passed < _HOURS:
        return f"{max(1, round(passed / timedelta(minutes=1)))} min ago"
    if passed < _DAYS:
        return f"{round(passed / timedelta(hours=1))} h ago"
    if passed < _DATES:
        return f"{round(passed / timedelta(days=1))} days ago"
    return f"on {at:%Y-%m-%d}"
