"""The HTTP API of Prometheus: one query, within a time and a size.

A redirect is not followed: it could lead a token to another host. What a server says
is shown in one line; nothing of a token is ever in a text of ours.

Source:
    https://prometheus.io/docs/prometheus/latest/querying/api/, "Instant queries": a
    POST with a form, which has no limit of length.
"""

import time
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import ConnectionError as NoConnectionError
from requests.exceptions import RequestException, SSLError, Timeout

from sluicegate.adapters.metrics.deadline import within
from sluicegate.adapters.metrics.prometheus_answer import parse_refusal, show
from sluicegate.adapters.web_login import Login, LoginAuth, Trust
from sluicegate.errors import ExternalError, PermanentError, TransientError

_MAX_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 16
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class PrometheusApi:
    """The API at *url*, what stands before ``/api/v1``.

    An answer may take *timeout_seconds* in all.
    """

    def __init__(
        self,
        url: str,
        *,
        login: Login | None = None,
        trust: Trust | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._login, self._trust = login, trust or Trust()
        self._timeout_seconds = timeout_seconds

    def query(self, query: str, unix_seconds: float) -> bytes:
        """Evaluate *query* at an instant; the body of the answer.

        Raises:
            TransientError: no answer, or none in time.
            PermanentError: refused, redirected, or too long.
        """
        form = {
            "query": query,
            "time": f"{unix_seconds:.3f}",
            "timeout": f"{round(self._timeout_seconds * 1000)}ms",
        }
        auth = LoginAuth(self._login, "Prometheus")
        try:
            return within(self._timeout_seconds, lambda: self._post(form, auth))
        except (Timeout, TimeoutError) as error:
            raise self._too_late() from error
        except SSLError as error:
            raise PermanentError(
                f"no secure connection to {self._host}: {_cause(error)}",
                hint="tls: {ca: FILE} names whom to trust",
            ) from error
        except NoConnectionError as error:
            raise TransientError(
                f"{self._host} cannot be reached: {_cause(error)}"
            ) from error
        except (RequestException, OSError) as error:
            raise PermanentError(
                f"{self._host} cannot be asked: {_cause(error)}"
            ) from error

    @property
    def _host(self) -> str:
        return f"Prometheus at {urlsplit(self._url).netloc}"

    def _post(self, form: dict[str, str], auth: AuthBase) -> bytes:
        deadline = time.monotonic() + self._timeout_seconds
        with requests.Session() as session:
            # The host's proxies are for other hosts.
            session.trust_env = urlsplit(self._url).hostname not in _LOOPBACK
            with session.post(
                self._url,
                data=form,
                auth=auth,
                headers={"Accept-Encoding": "identity", "User-Agent": "sluicegate"},
                timeout=self._timeout_seconds,
                verify=self._trust.ca or True,
                cert=self._trust.cert,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = self._read(answer, deadline)
                _check(answer, body, self._host)
                return body

    def _read(self, answer: requests.Response, deadline: float) -> bytes:
        """The body, which may come in drops."""
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise PermanentError(f"{self._host} compresses what was asked for plain")
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > _MAX_BYTES:
                raise PermanentError(
                    f"the answer of {self._host} is longer than {_MAX_BYTES >> 20} MiB",
                    hint="let the selectors match fewer series",
                )
            if time.monotonic() > deadline:
                raise self._too_late()
        return bytes(body)

    def _too_late(self) -> TransientError:
        return TransientError(
            f"no answer of {self._host} within {self._timeout_seconds:g} s"
        )


def _cause(error: BaseException) -> str:
    """What failed at the bottom, in the system's words where it has some."""
    bottom = error
    while (below := bottom.__cause__ or bottom.__context__) is not None:
        bottom = below
    said = bottom.strerror if isinstance(bottom, OSError) else None
    return show(str(said or bottom))


def _check(answer: requests.Response, body: bytes, host: str) -> None:
    code = answer.status_code
    if 200 <= code < 300:  # noqa: PLR2004 - HTTP's classes of answers
        return
    if 300 <= code < 400:  # noqa: PLR2004
        where = show(answer.headers.get("Location", ""))
        raise PermanentError(
            f"{host} redirects to {where}, which is not followed",
            hint="write the address that it redirects to as url:",
        )
    hint = None
    if code in {401, 403}:
        hint = "see auth: of the metric, and what its variable or file holds"
    kind: type[ExternalError] = PermanentError
    if code in {408, 429} or code >= 500:  # noqa: PLR2004
        kind = TransientError
    raise kind(f"{host} answered with HTTP {code}: {parse_refusal(body)}", hint=hint)
