"""A Git repository behind HTTP and the tokens of a GitHub, as `github.com` has it.

Reading takes a token with `contents: read`, writing one with `contents: write`; the
protocol itself is Git's own `git http-backend`.

Source:
    git-http-backend(1); gitprotocol-http(5); RFC 3875.
"""

import base64
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from fake_github import State
from typing_extensions import override

_WRITING = "git-receive-pack"
_ENOUGH = {"contents": {"read": {"read", "write"}, "write": {"write"}}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: State
    origin: Path
    name: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # the end of an answer is the end of the connection

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def _answer(self, body: bytes) -> None:
        assert isinstance(self.server, _Server)
        parts = urlsplit(self.path)
        repository, _, inside = parts.path[1:].partition(f"{self.server.name}")
        if repository or not inside.removeprefix(".git").startswith("/"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        writes = _WRITING in self.path
        if not self._may("write" if writes else "read"):
            self.send_response(HTTPStatus.UNAUTHORIZED)
            self.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
            self.end_headers()
            return
        folder = self.server.origin
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=True,
            env={
                "PATH": "/usr/bin:/bin",
                "GIT_PROJECT_ROOT": str(folder.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": f"/{folder.name}{inside.removeprefix('.git')}",
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "job",
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(
            line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")
        )
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content)

    def _may(self, level: str) -> bool:
        """Whether the token of the request may *level* the contents."""
        assert isinstance(self.server, _Server)
        kind, _, login = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        user, _, text = base64.b64decode(login).decode("latin-1").partition(":")
        token = self.server.state.tokens.get(text)
        if user != "x-access-token" or token is None or token.expired:
            return False
        return token.permissions.get("contents") in _ENOUGH["contents"][level]

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def git_server(state: State, name: str, origin: Path) -> Iterator[str]:
    """Serve the repository in the folder *origin* as *name*; the server's address."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.state, server.name, server.origin = state, name, origin
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
