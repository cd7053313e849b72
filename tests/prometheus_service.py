"""Debian's Prometheus as a process of a test, and pages of metrics for it to scrape.

It looks for what to scrape five seconds after it was started, and nothing changes that:
tests share a server where they can.
"""

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.stop import StopRequest
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

STABLE = Release(Digest.of(b"stable"), "v1.0", "a" * 40)
CANARY = Release(Digest.of(b"canary"), "v1.1", "b" * 40)
CLOCK = SystemClock(StopRequest())

_STARTS_WITHIN_SECONDS = 30
_CONFIG = """\
global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}
scrape_configs:
  - job_name: served
    static_configs:
      - targets: [{targets}]
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def await_until(
    condition: Callable[[], bool], what: str, seconds: float = 60.0
) -> None:
    """Wait for *condition*; give up only when no machine could be so slow."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


@dataclass
class Prometheus:
    """A server that can be killed and started again with what it had stored."""

    folder: Path
    targets: tuple[str, ...]
    interval: str = "200ms"
    web: str | None = None
    port: int = field(default_factory=free_port)
    context: ssl.SSLContext | None = None
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        scheme = "http" if self.context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def start(self, headers: Mapping[str, str] | None = None) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("Debian's prometheus is not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "prometheus.yml"
        targets = ", ".join(f'"{each}"' for each in self.targets)
        config.write_text(_CONFIG.format(interval=self.interval, targets=targets))
        argv = [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=error",
        ]
        if self.web is not None:
            (self.folder / "web.yml").write_text(self.web)
            argv.append(f"--web.config.file={self.folder / 'web.yml'}")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        await_until(lambda: self._answers(headers or {}), "Prometheus")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self, headers: Mapping[str, str]) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        connection = (
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            if self.context is None
            else http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=5, context=self.context
            )
        )
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/-/ready", headers=dict(headers))
            return connection.getresponse().status == 200
        return False


@contextmanager
def prometheus(
    folder: Path, *targets: str, web: str | None = None
) -> Iterator[Prometheus]:
    """A server that scrapes *targets*."""
    server = Prometheus(folder, targets, web=web)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def node_exporter(folder: Path) -> Iterator[str]:
    """One that shows the files of metrics in *folder*; its address."""
    program = shutil.which("prometheus-node-exporter")
    if program is None:
        pytest.skip("Debian's prometheus-node-exporter is not installed")
    address = f"127.0.0.1:{free_port()}"
    argv = (
        program,
        f"--web.listen-address={address}",
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={folder}",
    )
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield address
    finally:
        process.kill()
        process.wait()


@dataclass
class Exporter:
    """A page of metrics. *values* are samples by name and labels, as written."""

    port: int = 0
    values: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def add(self, series: str, number: int) -> None:
        self.values[series] = str(int(self.values.get(series, "0")) + number)


@contextmanager
def exporter() -> Iterator[Exporter]:
    """A server of one page."""
    exported = Exporter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lines = [f"{name} {value}\n" for name, value in exported.values.items()]
            body = "".join(lines).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler) as port:
        exported.port = port
        yield exported


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None
) -> Iterator[int]:
    """An HTTP server of this process; its port."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        @override
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that went away

    with Server(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(
    body: bytes, *, code: int = 200, headers: Mapping[str, str] | None = None
) -> Iterator["Asked"]:
    """A server that answers every query alike, whatever that is."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked.forms.append(self.rfile.read(length).decode())
            asked.headers.append(dict(self.headers.items()))
            self.send_response(code)
            for name, value in {
                "Content-Length": str(len(body)),
                **(headers or {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - as the standard library calls it

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler) as port:
        asked.port = port
        yield asked


@dataclass
class Relay:
    """Passes connections on to *port*, unless it is cut."""

    to: int
    port: int = 0
    cut: bool = False


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """A server that passes queries on to the server at the port *to*."""
    between = Relay(to)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if between.cut:
                self.connection.close()
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = http.client.HTTPConnection("127.0.0.1", between.to)
            with contextlib.closing(connection):
                connection.request("POST", self.path, body, dict(self.headers.items()))
                answer = connection.getresponse()
                self.send_response(answer.status)
                self.end_headers()
                self.wfile.write(answer.read())

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler) as between.port:
        yield between


@dataclass
class Asked:
    """What a server was asked."""

    port: int = 0
    forms: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def matrix(*series: tuple[Mapping[str, str], list[list[object]]]) -> bytes:
    """An answer with these series."""
    result = [{"metric": dict(labels), "values": values} for labels, values in series]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data}).encode()
