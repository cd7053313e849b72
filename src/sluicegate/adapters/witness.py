"""Asking a witness over HTTP.

Its answers are believed by their signatures alone, so that plain HTTP is fine.

Source:
    https://c2sp.org/tlog-witness
"""

import re
import time
from urllib.parse import urlsplit

import requests
from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException, SSLError
from requests.utils import get_environ_proxies
from typing_extensions import override

from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.witness import Answer, Conflict, Cosignatures, Refusal, Refused
from sluicegate.ports.witness import CheckpointWitness

_MAX_BYTES = 128 * 1024  # of an answer: a note's signature lines have room in it
_SIZE_TYPE = "text/x.tlog.size"
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_OK, _CONFLICT = 200, 409
_LATER = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_REFUSALS = {refusal.value: refusal for refusal in Refusal}
_PART_BYTES = 4096
_DETAIL_CHARACTERS = 300


class HttpWitness(CheckpointWitness):
    """The witness whose submission prefix is *url*.

    *ca_bundle* is the file of CA certificates to trust, None for the usual ones. An
    answer takes about *timeout_seconds* at most; to resolve a name may take longer.
    """

    def __init__(
        self, url: str, ca_bundle: str | None, *, timeout_seconds: float = 10.0
    ) -> None:
        """Look at the address.

        Raises:
            UsageError: it is not one that can be asked.
        """
        if not is_usable(url):
            raise UsageError(
                f"not the address of a witness: {url!r}",
                hint="it looks like https://witness.example/prefix, without a login",
            )
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # or it would add what is in ~/.netrc
        self._session.verify = ca_bundle or True

    @override
    def add_checkpoint(self, request: bytes) -> Answer:
        deadline = time.monotonic() + self._timeout_seconds
        try:
            with self._session.post(
                self._url,
                data=request,
                headers={"Content-Type": "text/plain", "User-Agent": "sluicegate"},
                timeout=self._timeout_seconds,
                proxies=get_environ_proxies(self._url),
                allow_redirects=False,
                stream=True,
            ) as response:
                data = _read(response, deadline)
                kind = response.headers.get("Content-Type", "")
                return _understand(response.status_code, kind, data)
        except SSLError as error:
            raise PermanentError(
                "no trusted TLS connection to it is possible"
            ) from error
        except (ConnectTimeout, ReadTimeout) as error:
            raise TransientError(
                f"no answer within {self._timeout_seconds:g} s"
            ) from error
        except (RequestException, OSError) as error:
            raise TransientError("it cannot be reached") from error
        except ValueError as error:  # of urllib3, about what the other end sent
            raise PermanentError("its answer is not HTTP") from error


def is_usable(url: str) -> bool:
    """Whether *url* is an address that can be asked: HTTP, a host, and no login."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
    )


def _read(response: requests.Response, deadline: float) -> bytes:
    data = bytearray()
    for part in response.iter_content(_PART_BYTES):
        data += part
        if len(data) > _MAX_BYTES:
            raise PermanentError(f"its answer is longer than {_MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise TransientError("its answer takes too long")
    return bytes(data)


def _understand(status: int, kind: str, data: bytes) -> Answer:
    if status == _OK:
        return Cosignatures(data)
    if status == _CONFLICT:
        found = _SIZE.fullmatch(data)
        if kind.partition(";")[0].strip().lower() != _SIZE_TYPE or not found:
            raise PermanentError("it answered HTTP 409 without the size it has seen")
        return Conflict(int(found[1]))
    if status in _REFUSALS:
        text = data.decode(errors="replace").strip()[:_DETAIL_CHARACTERS]
        return Refused(_REFUSALS[status], text)
    if status in _LATER or status >= _SERVER_ERROR:
        raise TransientError(f"it answered HTTP {status}")
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's class of redirects
        raise PermanentError(f"it redirects with HTTP {status}, which is not followed")
    raise PermanentError(f"it answered HTTP {status}: is that a witness?")
