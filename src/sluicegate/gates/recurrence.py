"""Times that come back: cron expressions on the clocks of a time zone. Pure.

What a change of the clocks does is what Debian's cron does. An expression whose minute
or hour begins with a star means an interval: it follows the time that passes, through
an hour that comes twice as well. Any other means a time of the day: one that the clocks
skip comes when they have gone forward, one that they show twice comes the first time.

`cronsim` reads the expression and walks it, on dates without a zone; which moment such
a date is, is decided here, from the time zone database of the system or, where there is
none, of the package ``tzdata``.

Source:
    cron(8) of Debian, "Notes"; PEP 495 (``fold``).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from sluicegate.model.policy import Window

_MAX_LENGTH = 200  # characters of an expression
_FIELDS = 5
_MAX_ZONE = 64  # characters of its name
_OWN_ZONES = ("localtime", "posixrules", "right/", "posix/")  # the machine's, or odd
_LIKE = "write it like Europe/Berlin, or UTC"
_SOMEWHEN = datetime(2000, 1, 1)  # noqa: DTZ001 - a date of a clock on the wall
_MINUTE = timedelta(minutes=1)

_NEAR = range(-27, 28, 3)
"""Hours around a moment, more than clocks were ever moved by: 24, in Samoa in 2011."""

_MAX_CHAIN = 100
"""How many beginnings that follow upon each other are looked at to find an end."""


def check_cron(text: str) -> None:
    """Check that *text* is a cron expression of five fields, and ever comes true.

    Raises:
        ValueError: it is not, in words for whoever wrote it.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"a cron expression of more than {_MAX_LENGTH} characters")
    if len(text.split()) != _FIELDS:
        raise ValueError(
            f"not a cron expression: {text!r} has not the five fields minute, hour, day"
            ' of the month, month and day of the week, like "0 9 * * mon-fri"'
        )
    try:
        found = next(CronSim(text, _SOMEWHEN), None)
    except (CronSimError, ValueError) as error:
        what = str(error).removeprefix("Bad ")
        raise ValueError(
            f"not a cron expression: {text!r} has no {what} that can be"
        ) from error
    if found is None:
        raise ValueError(f"the cron expression {text!r} never comes true")


def check_timezone(name: str) -> None:
    """Check that the time zone *name* is known, and the same on every machine.

    Raises:
        ValueError: it is not.
    """
    if len(name) > _MAX_ZONE or name.startswith(_OWN_ZONES):
        raise ValueError(f"not the name of a time zone: {name[:_MAX_ZONE]!r}; {_LIKE}")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is known as {name!r}; {_LIKE}") from error


def next_start(window: Window, at: datetime) -> datetime | None:
    """When *window* begins next after *at*, in UTC.

    None if it does not within 50 years.
    """
    return _nearest(window, at, back=False)


def latest_start(window: Window, at: datetime) -> datetime | None:
    """When *window* began last, at *at* or before, in UTC; None as above."""
    return _nearest(window, at, back=True)


def covers(window: Window, at: datetime) -> bool:
    """Whether *at* is in *window*: its first moment is, its end is not."""
    start = latest_start(window, at)
    return start is not None and at < start + window.lasts


def covered_until(window: Window, at: datetime) -> tuple[datetime, bool]:
    """When *window*, which covers *at*, ends, and whether it does then.

    One that begins again before it has ended goes on. If no end is found among the
    beginnings that were looked at, the window lasts until then at least.
    """
    end = at
    for _ in range(_MAX_CHAIN):
        start = latest_start(window, end)
        if start is None or start + window.lasts <= end:
            return end, True
        end = start + window.lasts
    return end, False


def _nearest(window: Window, at: datetime, *, back: bool) -> datetime | None:
    """The beginning that is nearest to *at*: the last one by then, or the next one.

    Moments come in the order of their dates but where clocks are set back. If they are
    moved close to *at*, what lies further off by as much is looked at as well.
    """
    zone = ZoneInfo(window.timezone)
    local = at.astimezone(zone).replace(tzinfo=None)
    slack = _shift_near(zone, at)
    # Where it begins is never looked at, but `at` itself counts among the last ones.
    begin = local + slack + _MINUTE if back else local - slack
    found: tuple[datetime, datetime] | None = None
    for date in CronSim(window.cron, begin, reverse=back):
        for moment in _moments(window.cron, date, zone):
            if (moment <= at) is back and (
                found is None or (moment > found[1]) is back
            ):
                found = date, moment
        if found is not None and abs(date - found[0]) >= slack:
            break
    return None if found is None else found[1]


def _shift_near(zone: ZoneInfo, at: datetime) -> timedelta:
    """By how much the clocks of *zone* are moved within about a day of *at*."""
    near = [(at + timedelta(hours=hours)).astimezone(zone) for hours in _NEAR]
    offsets = [moment.utcoffset() or timedelta(0) for moment in near]
    return max(offsets) - min(offsets)


def _moments(cron: str, date: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments, in UTC, that *cron* means by *date* on the clocks of *zone*."""
    shown = [_moment(date, zone, fold) for fold in (0, 1) if _exists(date, zone, fold)]
    if _is_interval(cron):
        yield from shown
        return
    while not shown:
        date += _MINUTE
        shown = [_moment(date, zone, 0)] if _exists(date, zone, 0) else []
    yield shown[0]


def _is_interval(cron: str) -> bool:
    minute, hour = cron.split()[:2]
    return minute.startswith("*") or hour.startswith("*")


def _moment(date: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return date.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _exists(date: datetime, zone: ZoneInfo, fold: int) -> bool:
    moment = _moment(date, zone, fold)
    return moment.astimezone(zone).replace(tzinfo=None) == date
