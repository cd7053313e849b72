"""Moments and lengths of time, in the words that gates explain themselves with."""

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

_UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def write_moment(at: datetime, zone: tzinfo = UTC) -> str:
    """Write *at* on the clocks of *zone*, and in UTC.

    ``Mon 2026-11-23 09:00 Europe/Berlin (08:00 UTC)``
    """
    utc, local = at.astimezone(UTC), at.astimezone(zone)
    if local.replace(tzinfo=None) == utc.replace(tzinfo=None):
        return f"{_write_date(utc)} UTC"
    same_day = local.date() == utc.date()
    other = f"{utc:%H:%M}" if same_day else _write_date(utc)
    return f"{_write_date(local)} {zone} ({other} UTC)"


def write_length(length: timedelta) -> str:
    """Write a length of time in at most two units: ``1 d 4 h``, ``1 min 30 s``.

    What is no whole number of the smaller one is rounded up: whoever waits that long
    has waited long enough.
    """
    for (larger, size), (smaller, part) in pairwise(_UNITS):
        if length >= size:
            count, rest = divmod(-(-length // part), size // part)
            return f"{count} {larger} {rest} {smaller}" if rest else f"{count} {larger}"
    return f"{-(-length // timedelta(seconds=1))} s"


def _write_date(at: datetime) -> str:
    # Not %a: the name of a day must not depend on the machine's language.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.weekday()]
    return f"{day} {at:%Y-%m-%d %H:%M}"
