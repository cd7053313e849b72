"""One attempt to ask an API server something: headers, TLS, proxy, sizes, times."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import httpx2

from sluicegate.adapters.kubernetes.credentials import Certificate, Credentials
from sluicegate.adapters.kubernetes.server import Server
from sluicegate.adapters.kubernetes.trust import build_context
from sluicegate.adapters.metrics.deadline import within
from sluicegate.errors import PermanentError
from sluicegate.ports.clock import Clock

_MAX_BYTES = 64 << 20
_CONNECT_SECONDS = 10.0
_SILENT_SECONDS = 45.0  # a watch is ended by the server before that
_FINISHING_SECONDS = 5.0
_KEPT = ("host", "content-type", "content-length")
_ALWAYS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "sluicegate"),
)
_WRITES = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached."""

    server: Server
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the server is shown: *certificate* is read anew for each request."""

    credentials: Credentials
    identity: tuple[tuple[str, str], ...] = ()
    certificate: Callable[[], Certificate | None] = lambda: None


class Line:
    """Leads to one server. All methods may be called from several threads."""

    def __init__(
        self, way: Way, shown: Shown, clock: Clock, attempt_seconds: float
    ) -> None:
        self.way, self._shown, self._clock = way, shown, clock
        self._attempt_seconds = attempt_seconds
        self.is_finishing = False
        self._lock = threading.Lock()
        self._certificate: Certificate | None = None
        self._inner: httpx2.HTTPTransport | None = None

    @property
    def credentials(self) -> Credentials:
        """What proves who we are."""
        return self._shown.credentials

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._inner is not None:
                self._inner.close()
            self._inner = None

    def exchange(self, request: httpx2.Request) -> httpx2.Response:
        """The whole answer, within the time of an attempt, drop by drop or not."""

        def exchange() -> httpx2.Response:
            with closing(self.send(request)) as answer:
                body = self.read(answer)
            kept = ("content-type", "retry-after")
            headers = [(k, answer.headers[k]) for k in kept if k in answer.headers]
            return httpx2.Response(answer.status_code, headers=headers, content=body)

        if self.is_finishing:
            return within(_FINISHING_SECONDS, exchange)
        return within(self._attempt_seconds, exchange, lambda: self._clock.sleep(0))

    def send(self, request: httpx2.Request) -> httpx2.Response:
        """The answer as it comes; the caller closes it."""
        return self._transport().handle_request(request)

    def read(self, answer: httpx2.Response) -> bytes:
        """What *answer* says in all, if it is not too long.

        Raises:
            PermanentError: it is.
        """
        if answer.is_closed:
            return answer.content
        body = bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > _MAX_BYTES:
                raise PermanentError(
                    f"the answer of {self.way.server.host} is longer than"
                    f" {_MAX_BYTES >> 20} MiB"
                )
        return bytes(body)

    def prepare(self, request: httpx2.Request, header: str | None) -> httpx2.Request:
        """*request* as it is sent, by whom *header* says.

        Raises:
            PermanentError: the login would be sent unencrypted.
        """
        server = self.way.server
        kept = [(k, v) for k, v in request.headers.multi_items() if k in _KEPT]
        headers = [*kept, *_ALWAYS, *self._shown.identity]
        if header is not None:
            if not (server.is_secure or server.is_here):
                raise PermanentError(
                    f"{server.host} is not reached by https: no login is sent there",
                    hint="see server of the cluster in the kubeconfig",
                )
            headers.append(("Authorization", header))
        timeout = {
            "connect": _CONNECT_SECONDS,
            "pool": _CONNECT_SECONDS,
            "write": self._attempt_seconds,
            "read": _SILENT_SECONDS,
        }
        sni = {} if server.name is None else {"sni_hostname": server.name}
        url = request.url
        if request.method in _WRITES:  # a field nobody knows is an error, not dropped
            url = url.copy_merge_params({"fieldValidation": "Strict"})
        return httpx2.Request(
            request.method,
            url,
            headers=headers,
            content=request.read(),
            extensions={"timeout": timeout, **sni},
        )

    def _transport(self) -> httpx2.HTTPTransport:
        """The connections, made anew when the client certificate was renewed."""
        certificate = self._shown.certificate() or self._shown.credentials.certificate()
        with self._lock:
            if self._inner is None or certificate != self._certificate:
                if self._inner is not None:
                    self._inner.close()
                self._inner = self._open(certificate)
                self._certificate = certificate
            return self._inner

    def _open(self, certificate: Certificate | None) -> httpx2.HTTPTransport:
        way = self.way
        context = build_context(way.server, certificate, way.ca_bundle)
        try:
            return httpx2.HTTPTransport(
                verify=context, trust_env=False, proxy=way.proxy
            )
        except (ValueError, httpx2.InvalidURL):
            raise PermanentError(
                f"the proxy of {way.server.host} has no address that can be used",
                hint="proxy-url of the kubeconfig, or HTTPS_PROXY: http://HOST:PORT",
            ) from None
        except ImportError:
            raise PermanentError(
                f"the proxy of {way.server.host} speaks SOCKS, which needs socksio",
                hint="pip install 'httpx2[socks]'",
            ) from None
