"""The HTTP API of MLflow: one question after the other, within a time and a size.

A redirect is not followed: it could lead a token to another host. What a server says
is shown in one line; nothing of a token is ever in a text of ours.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from requests.exceptions import (
    ChunkedEncodingError,
    RequestException,
    SSLError,
    Timeout,
)
from requests.exceptions import ConnectionError as NoConnectionError

from sluicegate.adapters.mlflow.answer import Refusal, parse_refusal, show
from sluicegate.adapters.web_login import Login, LoginAuth, Trust
from sluicegate.errors import ExternalError, PermanentError, TransientError

_CHUNK_BYTES = 1 << 16
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LATER = frozenset({408, 425, 429})
_OK, _REDIRECT, _CLIENT, _ABSENT, _SERVER = 200, 300, 400, 404, 500


@dataclass(frozen=True)
class MlflowApi:
    """The API at ``url``, what stands before ``/api/2.0``."""

    url: str
    login: Login | None = None
    trust: Trust = field(default_factory=Trust)

    @property
    def host(self) -> str:
        """What people call it."""
        return f"MLflow at {urlsplit(self.url).netloc}"

    def get(
        self, path: str, asked: Mapping[str, str], most_bytes: int, deadline: float
    ) -> bytes | Refusal:
        """The body of an answer, or how MLflow itself says that it has none.

        Args:
            path: what follows the address of the server.
            asked: the query.
            most_bytes: how long the body may be.
            deadline: by the monotonic clock, in seconds.

        Raises:
            TransientError: no answer, or none in time.
            PermanentError: refused, redirected, or too long.
        """
        try:
            return self._get(path, asked, most_bytes, deadline)
        except (Timeout, TimeoutError) as error:
            raise self._too_late() from error
        except SSLError as error:
            raise PermanentError(
                f"no secure connection to {self.host}: {_cause(error)}",
                hint="tls: {ca: FILE} names whom to trust",
            ) from error
        except (NoConnectionError, ChunkedEncodingError) as error:
            raise TransientError(
                f"{self.host} cannot be reached: {_cause(error)}"
            ) from error
        except (RequestException, OSError) as error:
            raise PermanentError(
                f"{self.host} cannot be asked: {_cause(error)}"
            ) from error

    def _get(
        self, path: str, asked: Mapping[str, str], most_bytes: int, deadline: float
    ) -> bytes | Refusal:
        left = deadline - time.monotonic()
        if left <= 0:
            raise self._too_late()
        with requests.Session() as session:
            # The host's proxies are for other hosts.
            session.trust_env = urlsplit(self.url).hostname not in _LOOPBACK
            with session.get(
                f"{self.url}{path}",
                params=asked,
                auth=LoginAuth(self.login, "MLflow"),
                headers={"Accept-Encoding": "identity", "User-Agent": "sluicegate"},
                timeout=left,
                verify=self.trust.ca or True,
                cert=self.trust.cert,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = self._read(answer, most_bytes, deadline)
                if answer.status_code == _OK:
                    return body
                refusal = parse_refusal(body)
                if answer.status_code != _ABSENT or not refusal.is_absent:
                    raise self._refused(answer, refusal)
                return refusal

    def _read(
        self, answer: requests.Response, most_bytes: int, deadline: float
    ) -> bytes:
        """The body, which may come in drops."""
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise PermanentError(f"{self.host} compresses what was asked for plain")
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > most_bytes:
                raise PermanentError(
                    f"an answer of {self.host} is longer than {most_bytes >> 20} MiB"
                )
            if time.monotonic() > deadline:
                raise self._too_late()
        return bytes(body)

    def _refused(self, answer: requests.Response, refusal: Refusal) -> ExternalError:
        code = answer.status_code
        if _REDIRECT <= code < _CLIENT:
            where = show(answer.headers.get("Location", ""))
            return PermanentError(
                f"{self.host} redirects to {where}, which is not followed",
                hint="write the address that it redirects to as url:",
            )
        said = f"{self.host} answered with HTTP {code}: {refusal.message}"
        if code in _LATER or code >= _SERVER:
            return TransientError(said)
        hint = None
        if code in {401, 403}:
            hint = "see auth: of the champion, and what its variable or file holds"
        return PermanentError(said, hint=hint)

    def _too_late(self) -> TransientError:
        return TransientError(f"no answer of {self.host} in time (timeout:)")


def _cause(error: BaseException) -> str:
    """What failed at the bottom, in the system's words where it has some."""
    bottom = error
    while (below := bottom.__cause__ or bottom.__context__) is not None:
        bottom = below
    said = bottom.strerror if isinstance(bottom, OSError) else None
    return show(str(said or bottom))
