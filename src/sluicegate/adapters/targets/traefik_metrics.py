"""Traefik's request counters. Pure.

Source:
    Prometheus text exposition format 0.0.4; Traefik, "Metrics / Prometheus".

Traps:
    A leaf has no series before its first request, and no 5xx series before its first
    failure: absent is zero. So that a truncated or foreign page cannot pass for "no
    requests", the page must hold a metric that Traefik always shows.
    A request that the client gave up (499) has failed. A release that hangs shows as
    nothing else; to leave these out would leave out its failures. Impatient clients
    ask both releases, so their share is in both counts and cancels out.
    A request counts when it ends. One that is open shows nowhere (Traefik counts open
    connections for each entry point only), so the proxy bounds how long it waits for
    the head of a response, and then answers 504 itself.
    A response that breaks off after its head is in no counter at all (seen with
    3.7.15), whichever side broke it off.
"""

import math
import re
from collections.abc import Iterator

from sluicegate.errors import PermanentError
from sluicegate.model.traffic import RequestCounts

_REQUESTS = "traefik_service_requests_total"
_ALWAYS_SHOWN = "traefik_config_reloads_total"
_FAILED = range(499, 600)  # given up by the client, and server errors
_MOST_REQUESTS = 2**53  # beyond it a float skips whole numbers
_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r"(?:\{(?P<labels>(?:[^\"{}]|\"(?:[^\"\\]|\\.)*\")*)\})?"
    r" (?P<value>[0-9eE.+-]{1,32}|[+-]Inf|NaN)(?: -?[0-9]{1,19})?"
)
_LABEL = re.compile(r"(?P<name>[a-zA-Z_]\w*)=\"(?P<value>(?:[^\"\\]|\\.)*)\"(?:,|$)")


def parse_counts(page: bytes, services: tuple[str, ...]) -> tuple[RequestCounts, ...]:
    """Read the cumulative requests of *services* off a page of metrics.

    Args:
        page: the reply of Traefik's ``/metrics``.
        services: names in the file provider, without ``@file``.

    Returns:
        Total and failed (499, 5xx) requests, in the order of *services*.

    Raises:
        PermanentError: the page is not Traefik's, or not whole.
    """
    total = dict.fromkeys(services, 0)
    failed = dict.fromkeys(services, 0)
    alive = False
    for name, labels, value in read_samples(page):
        alive = alive or name == _ALWAYS_SHOWN
        if name != _REQUESTS:
            continue
        code, service = _attributes(labels)
        if service not in total:
            continue
        total[service] += read_count(value)
        failed[service] += read_count(value) if code in _FAILED else 0
    if not alive:
        raise PermanentError(f"the proxy's metrics lack {_ALWAYS_SHOWN}")
    return tuple(RequestCounts(total[name], failed[name]) for name in services)


def read_samples(page: bytes) -> Iterator[tuple[str, str, str]]:
    """The samples of a page: name, labels as written, value as written.

    Raises:
        PermanentError: the page is not whole.
    """
    try:
        text = page.decode()
    except UnicodeDecodeError as error:
        raise PermanentError("the proxy's metrics are not UTF-8") from error
    if not text.endswith("\n"):
        raise PermanentError("the proxy's metrics end in the middle of a line")
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        found = _SAMPLE.fullmatch(line)
        if found is None:
            raise PermanentError(f"the proxy's metrics cannot be read: {line[:200]!r}")
        yield found["name"], found["labels"] or "", found["value"]


def read_labels(labels: str) -> dict[str, str]:
    """Labels by name; escapes are left as they are."""
    return {found["name"]: found["value"] for found in _LABEL.finditer(labels)}


def _attributes(labels: str) -> tuple[int, str]:
    named = read_labels(labels)
    code, service = named.get("code", ""), named.get("service", "")
    if not re.fullmatch(r"[0-9]{1,3}", code) or not service:
        raise PermanentError(f"a request counter without code or service: {labels!r}")
    return int(code), service.removesuffix("@file")


def read_count(value: str) -> int:
    """The value of a counter of whole things.

    Raises:
        PermanentError: it is none.
    """
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number <= _MOST_REQUESTS or number != int(number):
        raise PermanentError(f"a request counter that counts nothing: {value!r}")
    return int(number)
