"""A registry of images and an index of packages, both behind a password."""

import base64
import hashlib
import io
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typing_extensions import override

REGISTRY = "docker-registry"  # Debian's package and program
PACKAGE = "sluicegate-private-sample"

_STARTS_WITHIN_SECONDS = 30
_CONFIG = """\
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {folder}/images}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
auth:
  htpasswd: {{realm: private, path: {folder}/htpasswd}}
"""


@dataclass(frozen=True)
class Login:
    """Who may in."""

    user: str
    password: str

    @property
    def basic(self) -> str:
        """As HTTP and the Docker CLI's configuration write it."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def _bcrypt(password: str, salt: str = "abcdefghijklmnopqrstuu") -> str:
    """Perl is essential on Debian; Python has lost its crypt(3)."""
    script = 'print crypt($ARGV[0], "\\$2y\\$05\\$$ARGV[1]")'
    done = subprocess.run(
        ["perl", "-e", script, password, salt],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@contextmanager
def private_registry(folder: Path, login: Login) -> Iterator[str]:
    """Debian's registry with *login*; its address, like 127.0.0.1:40123."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "htpasswd").write_text(f"{login.user}:{_bcrypt(login.password)}\n")
    config = folder / "config.yml"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [REGISTRY, "serve", str(config)], stdout=log, stderr=log
        )
    try:
        _await(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "the registry ended"
            assert time.monotonic() < deadline, "the registry does not answer"
            time.sleep(0.05)
        else:
            return


@contextmanager
def private_index(login: Login) -> Iterator[str]:
    """A package index with one package; its address, like 127.0.0.1:40123."""
    wheel_name, wheel = _wheel()
    pages = {
        f"/simple/{PACKAGE}/": (
            f'<!doctype html><a href="/files/{wheel_name}'
            f'#sha256={hashlib.sha256(wheel).hexdigest()}">{wheel_name}</a>'
        ).encode(),
        f"/files/{wheel_name}": wheel,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers.get("Authorization") == f"Basic {login.basic}"
            body = pages.get(self.path, b"") if allowed else b""
            self.send_response(401 if not allowed else 200 if body else 404)
            if not allowed:
                self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _wheel() -> tuple[str, bytes]:
    """The smallest package that pip installs."""
    module = PACKAGE.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    files = {
        f"{module}.py": "ANSWER = 42\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"{module}-1.0-py3-none-any.whl", data.getvalue()
