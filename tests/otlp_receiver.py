"""A receiver of OTLP over HTTP that parses by the real definitions, or behaves badly.

Source:
    opentelemetry-collector, pdata/internal/data: ``TraceID.UnmarshalJSON`` reads ids in
    hexadecimal; Protobuf's own JSON has base64, so they are rewritten before its strict
    parser sees them, and nothing else is.
"""

import base64
import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from google.protobuf.json_format import (  # type: ignore[import-untyped]
    Parse,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from typing_extensions import override

_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_M = TypeVar("_M")
REQUESTS: Mapping[str, type[Any]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}


def parse(body: bytes, kind: type[_M]) -> _M:
    """Read a document strictly: unknown fields, wrong types and bad ids are errors."""
    document = json.loads(body)
    message = kind()
    Parse(json.dumps(_with_base64(document)), message, ignore_unknown_fields=False)
    return message


def _with_base64(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_with_base64(each) for each in value]
    if isinstance(value, dict):
        return {
            key: _encode(each) if key in _IDS else _with_base64(each)
            for key, each in value.items()
        }
    if isinstance(value, str) and value in _NAMES_OF_ENUMS:
        raise ValueError(f"{value} names an enum, and only numbers may")
    return value


_NAMES_OF_ENUMS = frozenset(
    {"SPAN_KIND_SERVER", "SPAN_KIND_INTERNAL", "STATUS_CODE_ERROR"}
)


def _encode(text: str) -> str:
    raw = bytes.fromhex(text)
    if len(raw) not in {8, 16} or not any(raw):
        raise ValueError(f"{text!r} is no id")
    return base64.b64encode(raw).decode()


def plain(attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - a repeated field
    """Attributes as a mapping; none may be given twice."""
    found: dict[str, Any] = {}
    for each in attributes:
        assert isinstance(each, KeyValue)
        assert each.key not in found, each.key
        found[each.key] = _value(each.value)
    return found


def _value(value: AnyValue) -> Any:  # noqa: ANN401 - of any type
    kind = value.WhichOneof("value")
    assert kind is not None
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)


@dataclass
class Received:
    """What came. ``answer`` is how requests are answered: code, headers and body."""

    port: int = 0
    scheme: str = "http"
    host: str = "127.0.0.1"
    answer: tuple[int, Mapping[str, str], bytes] = (200, {}, b"{}")
    bodies: dict[str, list[bytes]] = field(default_factory=dict)
    headers: list[Mapping[str, str]] = field(default_factory=list)  # lower-case names
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def messages(self, path: str, kind: type[_M]) -> list[_M]:
        return [parse(body, kind) for body in self.bodies.get(path, [])]

    def spans(self) -> list[Span]:
        return [
            span
            for message in self.messages("/v1/traces", ExportTraceServiceRequest)
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def span(self, name: str) -> Span:
        (found,) = [span for span in self.spans() if span.name == name]
        return found

    def everything(self) -> bytes:
        return b"\n".join(body for each in self.bodies.values() for body in each)


@contextmanager
def receive(context: ssl.SSLContext | None = None) -> Iterator[Received]:
    """A receiver that takes everything, unless it is told to answer otherwise."""
    received = Received(scheme="http" if context is None else "https")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.bodies.setdefault(self.path, []).append(body)
            lower = {name.lower(): value for name, value in self.headers.items()}
            received.headers.append(lower)
            received.arrived.set()
            code, headers, answer = received.answer
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Type" not in headers:
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        @override
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that does not trust the certificate goes away

    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        received.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def treat(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The address of a server that treats every connection as *behave* says.

    *behave* is given the event that tells it to stop.
    """
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection, over)

    def accept(server: socket.socket) -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                connection, _ = server.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        acceptor = threading.Thread(target=accept, args=(server,))
        acceptor.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            for thread in (acceptor, *threads):
                thread.join()


def say_nothing(connection: socket.socket, over: threading.Event) -> None:
    """Take the connection, and never say a word."""
    del connection
    over.wait()


def dribble(connection: socket.socket, over: threading.Event) -> None:
    """Say the beginning of an answer, and then a byte now and then, for ever."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.1):
        connection.sendall(b"{")


def dribble_headers(connection: socket.socket, over: threading.Event) -> None:
    """As `dribble`, and the headers never end."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not over.wait(0.1):
        connection.sendall(b"x")


def speak_garbage(connection: socket.socket, over: threading.Event) -> None:
    """Say something that is no HTTP, and hang up."""
    del over
    connection.recv(65536)
    connection.sendall(b"\x00\xff\x13 220 mail.example.org ESMTP\r\n\r\n")


def hang_up(connection: socket.socket, over: threading.Event) -> None:
    """Hang up at once."""
    del connection, over


def unused_port() -> int:
    """A port that nobody listens at, as far as that can be known."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
