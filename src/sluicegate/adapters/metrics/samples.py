"""From samples of counters to what was counted, sample by sample. Pure.

Never by ``rate()`` or ``increase()``: these extrapolate to the edges of their window,
so that nothing is whole, and leave out what a new series counted before its first
sample, which is the first requests of every new release.

Traps:
    A counter that falls began again at 0. What it counted between its last sample and
    its restart is lost, and a restart after which it passes its old value before the
    next sample shows as nothing: no reader of counters can know better.
    Buckets of one histogram fall together, though one of them may have passed its old
    value already: if one falls, all began again.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sluicegate.adapters.metrics.prometheus_answer import Series, show
from sluicegate.errors import PermanentError

_MOST = 2**53  # beyond it a float skips whole numbers
_MILLION = 1_000_000


def counted(series: Series, since: int, until: int) -> int:
    """What *series* counted after *since* and up to *until*, milliseconds since 1970.

    One that has a sample at *since* or before counts from the last of them, any other
    from 0.

    Raises:
        PermanentError: its samples are not those of a counter.
    """
    last, total = 0, 0
    for time, text in series.samples:
        if time > until:
            break
        value = whole(text, series)
        if time > since:
            total += value - last if value >= last else value
        last = value
    return total


def slower(
    buckets: Mapping[int | None, Mapping[int, int]],
    edges: Sequence[int],
    since: int,
    until: int,
) -> tuple[int, tuple[int, ...]]:
    """What one histogram counted after *since* and up to *until*.

    Args:
        buckets: what each bucket had counted, by time; None is the one of all.
        edges: those of interest, in the unit of the keys of *buckets*.
        since: milliseconds since 1970.
        until: likewise.

    Returns:
        The number of all, and of those above each edge.

    Raises:
        PermanentError: a bucket is missing, always or at one time.
    """
    wanted: tuple[int | None, ...] = (None, *edges)
    missing = [edge for edge in wanted if edge not in buckets]
    if missing:
        raise PermanentError(
            "a histogram has no bucket for "
            + ("+Inf" if missing[0] is None else f"{missing[0]} ms"),
            hint="its edges, in ms: "
            + (", ".join(str(e) for e in sorted(filter(None, buckets))) or "none"),
        )
    if any(buckets[edge].keys() != buckets[None].keys() for edge in edges):
        raise PermanentError("a histogram has samples of some buckets only")
    last, total = [0] * len(wanted), [0] * len(wanted)
    for time in sorted(buckets[None]):
        if time > until:
            break
        now = [buckets[edge][time] for edge in wanted]
        if any(b < a for a, b in zip(last, now, strict=True)):
            last = [0] * len(wanted)
        if time > since:
            total = [t + b - a for t, a, b in zip(total, last, now, strict=True)]
        last = now
    return total[0], tuple(total[0] - each for each in total[1:])


def sampled(series: Series, since: int, until: int) -> tuple[int, int]:
    """How many samples *series* has after *since*, and their sum in millionths.

    Raises:
        PermanentError: one of them is no number.
    """
    values = [text for time, text in series.samples if since < time <= until]
    return len(values), sum(_millionths(text, series) for text in values)


def whole(text: str, series: Series) -> int:
    """The value of a counter of whole things.

    Raises:
        PermanentError: it is none.
    """
    number = float(text)
    if not 0 <= number <= _MOST or number != int(number):
        raise PermanentError(
            f"{show(str(series.labels))} does not count whole things: it is {text}"
        )
    return int(number)


def _millionths(text: str, series: Series) -> int:
    number = Decimal(text.replace("Inf", "Infinity"))
    if not number.is_finite() or abs(number) > _MOST:
        raise PermanentError(f"{show(str(series.labels))} is {text}")
    return int((number * _MILLION).to_integral_value())
