"""Moments as a person writes them on the command line."""

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[mhdw])")
_UNIT = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_moment(text: str, now: datetime, *, is_end: bool = False) -> datetime:
    """A moment in UTC: ISO 8601, a date, or how long ago, like ``12h`` or ``30d``.

    A time without an offset is in UTC. A date is its first moment, or, for an end, the
    first one after it, so that a period includes its last day.

    Raises:
        click.UsageError: it is none of these.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - int(ago["number"]) * _UNIT[ago["unit"]]
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        if is_end and _DATE.fullmatch(text):
            at += timedelta(days=1)
    except (ValueError, OverflowError):
        raise click.UsageError(
            f"{text!r} is no moment. Write a date (2026-11-22), a time"
            " (2026-11-22T10:00, in UTC, or with an offset like +01:00), or how long"
            " ago (30d, 12h, 90m)."
        ) from None
    return at
