"""What controllers say of objects, read from core/v1 Events."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sluicegate.adapters.kubernetes.api import Event
from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.words import show

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def parse_events(objects: Iterable[Obj]) -> tuple[Event, ...]:
    """The events, the latest last.

    Source:
        k8s.io/api/core/v1 ``Event``: new reporters set ``eventTime`` and ``series``,
        old ones ``lastTimestamp`` and ``count``.
    """
    found = [_parse(each) for each in objects]
    return tuple(sorted(found, key=lambda event: event.last or _LONG_AGO))


def _parse(obj: Obj) -> Event:
    last = (
        obj.time("series", "lastObservedTime")
        or obj.time("lastTimestamp")
        or obj.time("eventTime")
        or obj.time("firstTimestamp")
    )
    return Event(
        is_warning=obj.text("type") == "Warning",
        reason=show(obj.text("reason") or "", 80),
        message=show(obj.text("message") or ""),
        count=obj.integer("series", "count") or obj.integer("count") or 1,
        last=last,
    )
