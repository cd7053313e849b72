"""Numbers of one release, as JSON has them. Pure."""

from collections.abc import Mapping

from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Tally, check_tally

_MILLION = 1_000_000
_LISTS = frozenset({MetricKind.LATENCY, MetricKind.CATEGORIES})
_MOST = 2**53


def read_tally(found: object, kind: MetricKind, width: int) -> Tally:
    """Read ``{"n": 500, "x": 3}``; latencies and categories have a list in ``x``.

    The ``x`` of a gauge is the sum of its samples, in its own unit.

    Raises:
        UsageError: it is none, or cannot be of *kind* with *width* numbers.
    """
    if not isinstance(found, Mapping) or found.keys() != {"n", "x"}:
        raise UsageError('must be like {"n": 500, "x": 3}')
    x = found["x"]
    if kind in _LISTS and not isinstance(x, list):
        raise UsageError(f"x must be a list of {width} numbers")
    numbers = x if kind in _LISTS else [x]
    read = _millionths if kind is MetricKind.GAUGE else _whole
    tally = Tally(_whole(found["n"]), tuple(map(read, numbers)))
    check_tally(kind, tally, width=width)
    return tally


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or abs(number) > _MOST:
        raise UsageError(f"must be whole numbers, not {number!a:.40}")
    return number


def _millionths(number: object) -> int:
    if (
        not isinstance(number, (int, float))
        or isinstance(number, bool)
        or not abs(number) <= _MOST  # also if it is no number at all
    ):
        raise UsageError(f"must be a number, not {number!a:.40}")
    return round(number * _MILLION)
