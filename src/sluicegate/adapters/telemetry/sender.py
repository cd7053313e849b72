"""Posting one OTLP document, and what became of it.

Urllib knows the proxies and the certificates of the host, and lets redirects be left
alone: whoever is redirected to could be anybody. Nothing that goes wrong is raised.

Source:
    opentelemetry-proto, docs/specification.md, "OTLP/HTTP": which answers may be tried
    again, Retry-After, partial success, limits of sizes.
"""

import gzip
import json
import math
import re
import ssl
import time
from collections.abc import Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from sluicegate.adapters.telemetry.delivery import Delivery
from sluicegate.adapters.telemetry.settings import LOOPBACK, Endpoint

MAX_REQUEST = 64 * 1024 * 1024
MAX_ANSWER = 64 * 1024
"""Bytes. A server may answer with 4 MiB; what it has to say fits into less."""

_AGAIN = frozenset({429, 502, 503, 504})
_OK = 200
_REJECTED = {
    "rejectedSpans",
    "rejectedDataPoints",
    "rejectedLogRecords",
}
_FAULTS: tuple[
    tuple[type[Exception] | tuple[type[Exception], ...], str, float], ...
] = (
    # The first that fits: some are kinds of others.
    (ssl.SSLCertVerificationError, "its certificate is not trusted", math.inf),
    (ssl.SSLError, "no secure connection", math.inf),
    (TimeoutError, "no answer in time", 0.0),
    (ConnectionRefusedError, "nobody listens there", 0.0),
    (ConnectionError, "it hung up", 0.0),
    (
        (FileNotFoundError, PermissionError),
        "a certificate or key for it cannot be read",
        math.inf,
    ),
    (HTTPException, "answered with something that is not HTTP", math.inf),
    (OSError, "it cannot be reached", 0.0),
)
_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}")
_MAX_WORDS = 200


class Sender:
    """Posts to *endpoint*, and trusts *ca_bundle* where that names nobody itself."""

    def __init__(self, endpoint: Endpoint, ca_bundle: str | None, agent: str) -> None:
        self._endpoint = endpoint
        self._ca_bundle = endpoint.certificate or ca_bundle
        self._headers = {
            **endpoint.headers,
            "Content-Type": "application/json",
            "User-Agent": agent,
        }
        self._opener: OpenerDirector | None = None

    def post(self, body: bytes, timeout_seconds: float) -> Delivery:
        """Send *body*. Never raises; a name may take longer to be resolved."""
        timeout = max(0.01, min(timeout_seconds, self._endpoint.timeout_seconds))
        deadline = time.monotonic() + timeout
        if len(body) > MAX_REQUEST:
            return Delivery("it is larger than 64 MiB")
        headers = dict(self._headers)
        if self._endpoint.gzip:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        try:
            opener = self._opener = self._opener or self._open()
            request = Request(  # noqa: S310 - the scheme is checked in the settings
                self._endpoint.url, data=body, headers=headers, method="POST"
            )
            with opener.open(request, timeout=timeout) as answer:
                return _read(answer, deadline)
        except Exception as error:  # noqa: BLE001 - any may name a login
            return _explain(error)

    def _open(self) -> OpenerDirector:
        """Knows HTTP alone: no redirects, no files, no FTP."""
        parts = urlsplit(self._endpoint.url)
        opener = OpenerDirector()
        is_here = parts.hostname in LOOPBACK
        opener.add_handler(ProxyHandler({} if is_here else None))
        opener.add_handler(HTTPHandler())
        if parts.scheme == "https":
            opener.add_handler(HTTPSHandler(context=self._context()))
        return opener

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca_bundle)
        if self._endpoint.client is not None:
            context.load_cert_chain(*self._endpoint.client)
        return context


def _read(answer: HTTPResponse, deadline: float) -> Delivery:
    code = answer.status
    if code in _AGAIN:
        again = _seconds_of(answer.headers)
        return Delivery(f"answered with HTTP {code}", again_seconds=again)
    if 300 <= code < 400:  # noqa: PLR2004 - HTTP's classes of answers
        return Delivery(f"redirected with HTTP {code}, which is not followed")
    if code != _OK:
        return Delivery(f"answered with HTTP {code}")
    body = bytearray()
    while part := answer.read1(MAX_ANSWER):
        body += part
        if len(body) > MAX_ANSWER:
            return Delivery("answered with more than anybody would read")
        if time.monotonic() > deadline:
            return Delivery("no answer in time", again_seconds=0.0)
    return _judge(bytes(body), answer.headers.get_content_type())


def _judge(body: bytes, media_type: str) -> Delivery:
    """What a server says that answered with 200.

    An answer in Protobuf breaks the rules, and says all the same that somebody there
    knows OTLP. A page in HTML says that nobody does: all is lost then.
    """
    if not body.strip() or media_type == "application/x-protobuf":
        return Delivery()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Delivery("answered with something that is not OTLP")
    if not isinstance(document, Mapping):
        return Delivery("answered with something that is not OTLP")
    partial = document.get("partialSuccess")
    if not isinstance(partial, Mapping):
        return Delivery()
    rejected = sum(_number(partial.get(name)) for name in _REJECTED)
    said = partial.get("errorMessage")
    words = said[:_MAX_WORDS] if isinstance(said, str) and said else "no reason given"
    return Delivery(f"refused: {words}", rejected) if rejected else Delivery()


def _number(value: Any) -> int:  # noqa: ANN401 - whatever a server wrote
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004


def _seconds_of(headers: Message) -> float:
    """Read ``Retry-After``: seconds, or a date; 0 where it says nothing.

    A date is held against the answer's own: whose clock is right does not matter.
    """
    text = headers.get("Retry-After") or ""
    if _WHOLE_SECONDS.fullmatch(text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        said = parsedate_to_datetime(headers.get("Date") or "")
        return max(0.0, (until - said).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _explain(error: Exception) -> Delivery:
    """Say what failed in words of our own."""
    cause = error.reason if isinstance(error, URLError) else error
    for kinds, fault, again_seconds in _FAULTS:
        if isinstance(cause, kinds):
            return Delivery(fault, again_seconds=again_seconds)
    return Delivery(f"it cannot be used ({type(cause).__name__})")
