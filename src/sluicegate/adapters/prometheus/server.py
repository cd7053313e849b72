"""``/metrics`` while a command runs: one page, for whoever may reach the port.

Everything happens in threads that nobody waits for: who looks up slowly, connects and
says nothing, or reads nothing delays no run. Nothing but ``GET /metrics`` is answered.
"""

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import ClassVar

from typing_extensions import override

from sluicegate.adapters.prometheus.page import CONTENT_TYPE
from sluicegate.errors import PermanentError

_IDLE_SECONDS = 5.0
_MOST_CLIENTS = 8
_LOOK_SECONDS = 0.1  # how often the server sees that it is to end
_LET_GO_SECONDS = 0.3

Page = Callable[[], bytes]


class MetricsServer:
    """Serves *page* at *host* and *port* until it is told to stop."""

    def __init__(self, host: str, port: int, page: Page) -> None:
        self._host, self._port, self._page = host, port, page
        self._over = threading.Event()
        self._trouble: PermanentError | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def trouble(self) -> PermanentError | None:
        """Why nobody can ask, once; None if that is not so, or was said before."""
        found, self._trouble = self._trouble, None
        return found

    def stop(self) -> None:
        """Answer nobody from now on; waits for no answer under way."""
        self._over.set()
        self._thread.join(_LET_GO_SECONDS)

    def _serve(self) -> None:
        try:
            server = _Server(self._host, self._port, self._page)
        except (OSError, OverflowError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._trouble = PermanentError(
                f"no /metrics at {self._host}:{self._port}: {why}",
                hint="OTEL_EXPORTER_PROMETHEUS_PORT can name another port",
            )
            return
        server.timeout = _LOOK_SECONDS
        with server:
            while not self._over.is_set():
                server.handle_request()


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True  # of one that was closed a moment ago
    request_queue_size = 16

    def __init__(self, host: str, port: int, page: Page) -> None:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        # "localhost" is both; who scrapes 127.0.0.1 does not look at ::1.
        self.address_family, _, _, _, address = min(found, key=lambda each: each[0])
        self.page = page
        self._free = threading.Semaphore(_MOST_CLIENTS)
        super().__init__((str(address[0]), int(address[1])), _Handler)

    @override
    def process_request(self, request: object, client_address: object) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)  # type: ignore[arg-type]
        else:
            self.shutdown_request(request)  # type: ignore[arg-type]

    @override
    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._free.release()

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that went away, or was too slow


class _Handler(BaseHTTPRequestHandler):
    server_version = "sluicegate"
    sys_version = ""
    timeout: ClassVar[float | None] = _IDLE_SECONDS

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        assert isinstance(self.server, _Server)
        page = self.server.page()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass
