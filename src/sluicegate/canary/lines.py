"""One line of numbers for the judge: a JSON object, strict. Pure.

::

    {"t": 60, "metric": "errors", "kind": "bernoulli",
     "canary": {"n": 500, "x": 3}, "stable": {"n": 4500, "x": 20}}

Numbers are increments over an interval that ends at ``t``. A release that is absent, or
null, served nothing. A latency has ``edges``, an optional ``slo``, and in ``x`` a list;
categories have ``categories``, an optional ``tolerance``, and in ``x`` a list.

Traps:
    A misspelt key must not pass for an absent one: what is close to a known key is
    refused, any other is left to whoever wrote it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sluicegate.canary.line_values import (
    read_count,
    read_list,
    read_name,
    read_number,
    read_optional,
)
from sluicegate.canary.metric import Metric
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally, check_tally

MAX_LINE_BYTES = 1 << 20
"""Of one line; a longer one is none of numbers."""

EXAMPLE = (
    '{"t": 60, "metric": "errors", "kind": "bernoulli", '
    '"canary": {"n": 500, "x": 3}, "stable": {"n": 4500, "x": 20}}'
)

_MILLION = 1_000_000
_KEYS = {
    *("t", "metric", "kind", "canary", "stable"),
    *("edges", "slo", "categories", "tolerance"),
}
_KINDS = {kind.value: kind for kind in MetricKind}
_LISTS = {MetricKind.LATENCY, MetricKind.CATEGORIES}


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says.

    Attributes:
        at: the end of the interval, as it was written. Unit: seconds.
        metric: what was counted, with a weight of 1.
        pair: the numbers of both releases.
    """

    at: float
    metric: Metric
    pair: Pair


def parse_line(data: bytes | str) -> Line:
    """Read one line.

    Raises:
        UsageError: it is no such line; the message says what is wrong.
    """
    fields = read_fields(data)
    metric = read_metric(fields)
    return Line(
        at=read_number(fields, "t"),
        metric=metric,
        pair=Pair(
            stable=_read_tally(fields, "stable", metric),
            canary=_read_tally(fields, "canary", metric),
        ),
    )


def read_fields(data: bytes | str) -> Mapping[str, object]:
    """The JSON object of a line.

    Raises:
        UsageError: it is no JSON object, or has a key that looks misspelt.
    """
    try:
        fields: object = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise UsageError("not a JSON object")
    for key in fields.keys() - _KEYS:
        close = get_close_matches(key, _KEYS, n=1, cutoff=0.75)
        if close:
            raise UsageError(f"unknown key {key!a} (did you mean {close[0]!r}?)")
    return fields


def read_metric(fields: Mapping[str, object]) -> Metric:
    """What a line is about.

    Raises:
        UsageError: it does not say, or it cannot be.
    """
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise UsageError(f"kind must be one of {', '.join(_KINDS)}, not {kind!a}")
    name = read_name(fields, "metric")
    if _KINDS[kind] is MetricKind.LATENCY:
        edges = read_list(fields, "edges", read_count)
        slo = read_optional(fields, "slo", read_count)
        return Metric(name, MetricKind.LATENCY, edges=edges, slo=slo)
    if _KINDS[kind] is MetricKind.CATEGORIES:
        return Metric(
            name,
            MetricKind.CATEGORIES,
            categories=read_list(fields, "categories", read_name),
            tolerance=read_optional(fields, "tolerance", read_number),
        )
    return Metric(name, _KINDS[kind])


def _read_tally(fields: Mapping[str, object], arm: str, metric: Metric) -> Tally:
    numbers = fields.get(arm)
    if numbers is None:
        return Tally.nothing(metric.width)
    if not isinstance(numbers, dict):
        raise UsageError(f"{arm} must be an object with n and x, or null")
    try:
        if metric.kind in _LISTS:
            x = read_list(numbers, "x", read_count)
        elif metric.kind is MetricKind.GAUGE:
            x = (round(read_number(numbers, "x") * _MILLION),)
        else:
            x = (read_count(numbers, "x"),)
        tally = Tally(read_count(numbers, "n"), x)
        check_tally(metric.kind, tally, width=metric.width)
    except UsageError as error:
        raise UsageError(f"{arm}: {error}") from error
    return tally


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")
