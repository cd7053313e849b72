"""A registry in memory with the referrers API of OCI 1.1, which Debian's lacks.

It keeps to the specification where that says MUST, refuses what leans on anything else,
and asks for a token.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

NAME = "acme/model"
_REPOSITORY = f"/v2/{NAME}/"


@dataclass
class ReferringRegistry:
    """What it holds, and how it behaves.

    ``uploads_to`` is where it wants data to be sent, in place of its own address. Every
    token is good for ``uses`` requests. ``seen`` are requests, with their login.
    """

    host: str = ""
    uploads_to: str | None = None
    uses: int = 1000
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    scopes: list[str] = field(default_factory=list)

    def referrers(self, digest: str) -> list[str]:
        """The digests of what says that it is about *digest*."""
        found = []
        for name, (_, data) in self.manifests.items():
            about = json.loads(data).get("subject") or {}
            if name.startswith("sha256:") and about.get("digest") == digest:
                found.append(name)
        return found

    @contextmanager
    def listening(self) -> Iterator["ReferringRegistry"]:
        handler = type("Handler", (_Handler,), {"registry": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.host = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: ReferringRegistry

    def do_GET(self) -> None:
        registry, url = self.registry, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        login = self.headers.get("Authorization", "")
        registry.seen.append((self.command, url.path, login))
        if url.path == "/token":
            registry.scopes += parse_qs(url.query)["scope"]
            token = f"token{len(registry.scopes)}"
            registry.tokens[f"Bearer {token}"] = registry.uses
            self._answer(200, json.dumps({"token": token}).encode())
        elif registry.tokens.get(login, 0) > 0:
            registry.tokens[login] -= 1
            self._serve(url.path, parse_qs(url.query), body)
        else:
            realm = f'Bearer realm="http://{registry.host}/token",service="reg"'
            self._answer(401, b"", {"WWW-Authenticate": realm})

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - as http.server asks

    def _serve(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
        kind, _, name = path.removeprefix(_REPOSITORY).partition("/")
        if not path.startswith(_REPOSITORY):
            self._answer(404, b"")
        elif self.command == "POST" and (kind, name) == ("blobs", "uploads/"):
            where = self.registry.uploads_to or _REPOSITORY
            self._answer(202, b"", {"Location": f"{where}upload?session=1"})
        elif self.command == "PUT" and kind == "upload":
            assert query["session"] == ["1"]
            (digest,) = query["digest"]
            assert digest == f"sha256:{sha256(body).hexdigest()}"
            self.registry.blobs[digest] = body
            self._answer(201, b"")
        elif self.command == "PUT":
            self._hold(name, body)
        elif kind == "blobs" and name in self.registry.blobs:
            self._answer(200, self.registry.blobs[name])
        elif kind == "manifests" and name in self.registry.manifests:
            media_type, data = self.registry.manifests[name]
            self._answer(200, data, {"Content-Type": media_type})
        else:
            self._answer(404, b"")

    def _hold(self, name: str, body: bytes) -> None:
        document = json.loads(body)
        assert self.headers["Content-Type"] == document["mediaType"]
        parts = [document["config"], *document["layers"]]
        missing = [p["digest"] for p in parts if p["digest"] not in self.registry.blobs]
        if missing:
            error = {"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown"}
            self._answer(400, json.dumps({"errors": [error]}).encode())
            return
        for part in parts:
            assert part["size"] == len(self.registry.blobs[part["digest"]])
        digest = f"sha256:{sha256(body).hexdigest()}"
        for each in {name, digest}:
            self.registry.manifests[each] = document["mediaType"], body
        subject = (document.get("subject") or {}).get("digest")
        self._answer(201, b"", {"OCI-Subject": subject} if subject else {})

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in {**(headers or {}), "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @override
    def log_message(self, *args: object) -> None:
        """Say nothing."""
