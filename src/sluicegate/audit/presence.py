"""What served in an environment in a span of time, as far as a log can tell. Pure.

A rollout says what it found live, so a release that came or went by other means is
known from the next rollout on: in between, the log leaves open when that was.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sluicegate.model.deployment import ARRIVED, Deployment, Presence, Standing

_INSTANT = timedelta(microseconds=1)
_TOOK_OVER = ARRIVED | {Standing.FOUND}


def find_present(
    rows: Sequence[Deployment],
    environment: str,
    span: tuple[datetime, datetime],
    begins: datetime,
) -> list[Presence]:
    """What served in *environment* at any time of *span*, oldest first.

    Args:
        rows: what environments ran, in the order in which it came there.
        environment: the name of one.
        span: from its first moment up to its second, which is not in it; where both
            are the same, that very moment.
        begins: when the log does: of what was before that, it says nothing.
    """
    start, end = span[0], max(span[1], span[0] + _INSTANT)
    here = [row for row in rows if row.environment == environment]
    return list(_present(here, start, end, begins))


def reach_back(rows: Sequence[Deployment], environment: str, start: datetime) -> bool:
    """Whether *rows*, the newest of a log, have what was live at *start*."""
    return any(
        row.environment == environment
        and row.standing in ARRIVED
        and row.end_ts is not None
        and row.end_ts <= start
        for row in rows
    )


def _present(
    rows: Sequence[Deployment], start: datetime, end: datetime, begins: datetime
) -> Iterator[Presence]:
    last: Deployment | None = None  # of those that took all the traffic
    for place, row in enumerate(rows):
        came = _came(row, last, begins)
        gone = row.until_ts
        if came < end and (gone is None or gone > start):
            all_since = _all_since(row, came)
            is_stable = all_since is not None and all_since < end
            yield Presence(
                row,
                is_stable,
                came_unseen=_came_unseen(row, start),
                went_unseen=_went_unseen(row, rows[place + 1 :]),
            )
        if row.standing in _TOOK_OVER:
            last = row


def _came(row: Deployment, last: Deployment | None, begins: datetime) -> datetime:
    """When the release may have served first."""
    if row.standing is not Standing.FOUND or row.run is None:
        return row.start_ts
    return begins if last is None or last.end_ts is None else last.end_ts


def _all_since(row: Deployment, came: datetime) -> datetime | None:
    """When it had all the traffic, None if it never had."""
    if row.standing is Standing.FOUND:
        return came
    return row.end_ts if row.standing in ARRIVED else None


def _came_unseen(row: Deployment, start: datetime) -> bool:
    """Whether it may have come only after *start*, without a rollout of this log."""
    was_found = row.standing is Standing.FOUND and row.run is not None
    return was_found and start < row.start_ts


def _went_unseen(row: Deployment, later: Sequence[Deployment]) -> bool:
    """Whether a later rollout missed it, rather than replaced it."""
    if row.standing not in _TOOK_OVER:
        return False
    return any(
        each.start_ts == row.until_ts
        and (each.standing is Standing.FOUND or each.before is None)
        for each in later
    )
