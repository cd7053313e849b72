"""How long requests took, by Traefik's histograms. Pure.

Source:
    Prometheus text exposition format 0.0.4, histograms: a bucket counts what took at
    most ``le`` seconds, so the buckets of a series never fall; ``+Inf`` counts all.

Traps:
    A request is timed to the end of its response, and timed and counted one after the
    other: the page may show one more of the one than of the other. So the shares are
    those of what was timed.
    A proxy keeps the buckets that it was started with: the page tells them, not the
    settings. It has histograms as soon as a release was asked for its health.
"""

import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from sluicegate.adapters.targets.traefik_metrics import (
    read_count,
    read_labels,
    read_samples,
)
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Slower

_BUCKET = "traefik_service_request_duration_seconds_bucket"
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?(?:e[+-]?0?[0-9])?")
_INFINITE = Decimal("Infinity")

_Counts = Mapping[Decimal, int]


def parse_slower(page: bytes, stable: str, canary: str) -> tuple[Slower, ...]:
    """Read off a page of metrics how many requests were slower than each bucket's edge.

    Args:
        page: the reply of Traefik's ``/metrics``.
        stable: name of a service in the file provider, without ``@file``.
        canary: likewise.

    Returns:
        The edges, rising, after the edge 0 with all requests that were timed; empty if
        no service has been asked for anything yet. Edges of a fraction of a millisecond
        are left out.

    Raises:
        PermanentError: the page is not whole, or its histograms are none.
    """
    found: dict[str, Counter[Decimal]] = {stable: Counter(), canary: Counter()}
    series: dict[str, Counter[Decimal]] = {stable: Counter(), canary: Counter()}
    edges: set[Decimal] = set()
    for name, labels, value in read_samples(page):
        if name != _BUCKET:
            continue
        named = read_labels(labels)
        edge = _edge(named.get("le", ""))
        edges.add(edge)
        service = named.get("service", "").removesuffix("@file")
        if service in found:
            found[service][edge] += read_count(value)
            series[service][edge] += 1
    for service, counts in found.items():
        _check(service, edges, counts, series[service])
    rising = sorted(edge for edge in edges if edge != _INFINITE)
    return tuple(
        Slower(
            int(edge * 1000),
            _slower(found[stable], edge),
            _slower(found[canary], edge),
        )
        for edge in ([Decimal(0), *rising] if edges else [])
        if (edge * 1000) % 1 == 0
    )


def _slower(counts: _Counts, edge: Decimal) -> int:
    return counts[_INFINITE] - counts[edge]


def _check(service: str, edges: set[Decimal], counts: _Counts, series: _Counts) -> None:
    """See to it that every series has all buckets, and that none counts more."""
    if not series:
        return  # nobody has asked it for anything
    rising = sorted(edges)
    if rising[-1] != _INFINITE or len({series[edge] for edge in rising}) > 1:
        raise PermanentError(f"a histogram of {service} lacks a bucket")
    if any(counts[low] > counts[high] for low, high in pairwise(rising)):
        raise PermanentError(f"a histogram of {service} falls")


def _edge(text: str) -> Decimal:
    if text == "+Inf":
        return _INFINITE
    if not _SECONDS.fullmatch(text) or Decimal(text) == 0:
        raise PermanentError(f"a bucket with the edge {text!r}")
    return Decimal(text)
