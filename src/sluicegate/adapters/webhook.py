"""Posting a message to a secret address, which no text of ours ever repeats.

Urllib is used because it knows the proxies and the certificates of the host, and lets
redirects be left alone. Its errors name the address, so that none is passed on.
"""

import math
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from typing_extensions import override

from sluicegate.errors import PermanentError, TransientError
from sluicegate.ports.messenger import Messenger

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PAUSES_SECONDS = (0.3, 1.0, 2.0, math.inf)
_WHOLE_SECONDS = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a message was not taken, and after how many seconds to ask again, if ever."""

    text: str
    again_seconds: float = math.inf


class Webhook(Messenger):
    """The address in the variable *variable* of *environ*.

    *ca_bundle* is the file of CA certificates to trust, None for the system's. All of a
    delivery, with its retries, takes about *timeout_seconds*; to resolve a name, or an
    answer that comes in drops, may take longer: nobody should wait for more than that.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        variable: str,
        ca_bundle: str | None,
        *,
        timeout_seconds: float = 5.0,
    ) -> None:
        self._address = environ.get(variable, "").strip()
        self._variable = variable
        self._ca_bundle = ca_bundle
        self._timeout_seconds = timeout_seconds

    @override
    def explain_absence(self) -> str | None:
        if not self._address:
            return f"the variable {self._variable} is not set"
        if _host_of(self._address) is None:
            return f"the variable {self._variable} does not hold an https:// address"
        return None

    @override
    def send(self, body: bytes, text: str) -> None:
        absence = self.explain_absence()
        if absence is not None:
            raise PermanentError(absence)
        opener = self._opener()
        deadline = time.monotonic() + self._timeout_seconds
        for pause in _PAUSES_SECONDS:
            refusal = self._post(opener, body, deadline)
            if refusal is None:
                return
            pause_seconds = max(pause, refusal.again_seconds)
            if time.monotonic() + pause_seconds >= deadline:
                raise TransientError(refusal.text)
            time.sleep(pause_seconds)

    def _opener(self) -> OpenerDirector:
        """Knows HTTP alone: no redirects, no files, no FTP."""
        context = ssl.create_default_context(cafile=self._ca_bundle)
        is_here = _host_of(self._address) in _LOOPBACK
        opener = OpenerDirector()
        opener.add_handler(ProxyHandler({} if is_here else None))
        opener.add_handler(HTTPHandler())
        opener.add_handler(HTTPSHandler(context=context))
        return opener

    def _post(
        self, opener: OpenerDirector, body: bytes, deadline: float
    ) -> _Refusal | None:
        headers = {"Content-Type": "application/json", "User-Agent": "sluicegate"}
        try:
            request = Request(  # noqa: S310 - the scheme is checked
                self._address, data=body, headers=headers, method="POST"
            )
            left = max(0.01, deadline - time.monotonic())
            with opener.open(request, timeout=left) as answer:
                return _read(answer)
        except Exception as error:  # noqa: BLE001 - any may name the address
            return _explain(error)


def _read(answer: HTTPResponse) -> _Refusal | None:
    code = answer.status
    if 200 <= code < 300:  # noqa: PLR2004 - HTTP's classes of answers
        return None
    if 300 <= code < 400:  # noqa: PLR2004
        return _Refusal(f"redirected with HTTP {code}, which is not followed")
    if code == 429 or code >= 500:  # noqa: PLR2004
        after = answer.headers.get("Retry-After") or ""
        wait = float(after) if _WHOLE_SECONDS.fullmatch(after) else 0.0
        return _Refusal(f"answered with HTTP {code}", wait)
    return _Refusal(f"answered with HTTP {code}")


def _explain(error: Exception) -> _Refusal:
    """Say what failed in words of our own."""
    cause = error.reason if isinstance(error, URLError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return _Refusal("its certificate is not trusted")
        case ssl.SSLError():
            return _Refusal("no secure connection")
        case TimeoutError():
            return _Refusal("no answer in time")
        case ConnectionRefusedError():
            return _Refusal("nobody listens there", 0.0)
        case OSError():
            return _Refusal("it cannot be reached", 0.0)
        case _:
            return _Refusal(f"it cannot be used ({type(cause).__name__})")


def _host_of(address: str) -> str | None:
    """The host of an address that may be used: plain HTTP only within this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    is_secure = parts.scheme == "https" or (
        parts.scheme == "http" and host in _LOOPBACK
    )
    return host if is_secure else None
