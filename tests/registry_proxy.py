"""A proxy before a real registry, to stop it, break it and have it lie at will.

It stands in for networks and registries that fail; all it serves truthfully is what the
registry behind it says.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from registry_service import RealRegistry
from typing_extensions import override

_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
_CHUNK = 64 * 1024


@dataclass
class RegistryProxy:
    """Where it listens, and what it does to what passes.

    ``before`` may answer a request itself with a status, ``after`` sees the status and
    may change the body; both get method and path. ``during`` is called for every piece
    of an upload, before it is passed on.
    """

    registry: RealRegistry
    before: Callable[[str, str], int | None] = lambda _method, _path: None
    after: Callable[[str, str, int, bytes], bytes] = lambda _method, _path, _s, body: (
        body
    )
    during: Callable[[], None] = lambda: None
    seen: list[tuple[str, str]] = field(default_factory=list)
    host: str = ""

    @contextmanager
    def listening(self) -> Iterator["RegistryProxy"]:
        handler = type("Handler", (_Handler,), {"proxy": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        self.host = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: RegistryProxy

    def do_GET(self) -> None:
        self._pass_on()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - as http.server asks

    @override
    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _pass_on(self) -> None:
        proxy, method = self.proxy, self.command
        proxy.seen.append((method, self.path))
        status = proxy.before(method, self.path)
        if status is not None:
            self.close_connection = True  # with whatever is still to come
            self._answer(status, {}, b"")
            return
        try:
            self._relay()
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # the registry is gone, and so is the proxy

    def _relay(self) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.registry.port)
        with closing(upstream):
            self._relay_to(upstream)

    def _relay_to(self, upstream: http.client.HTTPConnection) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        length = self.headers.get("Content-Length")
        if length is not None:
            headers["Content-Length"] = length
        elif "chunked" in self.headers.get("Transfer-Encoding", ""):
            headers["Transfer-Encoding"] = "chunked"
        chunked = "Transfer-Encoding" in headers
        upstream.request(
            self.command,
            self.path,
            body=self._body() if chunked or length else None,
            headers=headers,
            encode_chunked=chunked,
        )
        response = upstream.getresponse()
        body = response.read()
        changed = self.proxy.after(self.command, self.path, response.status, body)
        kept = {k: v for k, v in response.getheaders() if k.lower() not in _HOP}
        if self.command == "HEAD":
            kept["Content-Length"] = response.getheader("Content-Length", "0")
        self._answer(response.status, kept, changed)

    def _body(self) -> Iterator[bytes]:
        uploads = self.command == "PATCH"
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            piece = self.rfile.read(min(left, _CHUNK))
            left -= len(piece)
            if uploads:
                self.proxy.during()
            yield piece
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return
        while size := int(self._line(), 16):
            piece = self.rfile.read(size)
            self.rfile.readline()
            if uploads:
                self.proxy.during()
            yield piece
        self.rfile.readline()

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line:
            raise ConnectionResetError("whoever uploads has gone")
        return line

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        if "Content-Length" not in headers:
            headers = {**headers, "Content-Length": str(len(body))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
