"""An API server as the players of a cluster speak to it: JSON over one connection.

It is told by a kubeconfig's context in use, so that it may be the stand-in or a real
one. Not a client to learn from: it neither watches nor tries again.
"""

import http.client
import json
import ssl
import tempfile
import urllib.parse
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


class RefusedError(Exception):
    """The server said no."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


@dataclass
class Cluster:
    """The server at ``url``; ``token`` says who asks, or the certificate in *tls*."""

    url: str
    token: str | None
    tls: ssl.SSLContext | None
    _open: http.client.HTTPConnection | None = None

    @classmethod
    def of(cls, kubeconfig: Path) -> "Cluster":
        """The one of the context in use."""
        config = cls.config(kubeconfig)
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"]
        tls = None
        if cluster["server"].startswith("https:"):
            tls = _tls(cluster, user, kubeconfig.parent)
        return cls(cluster["server"], user.get("token"), tls)

    @staticmethod
    def config(kubeconfig: Path) -> Document:
        """What a kubeconfig says."""
        found: Document = yaml.safe_load(kubeconfig.read_text())
        return found

    def all(self, path: str) -> list[Document]:
        """The objects of a collection."""
        found: list[Document] = self.ask("GET", path)["items"]
        return found

    def find(self, path: str) -> Document | None:
        """An object, None if it is not there."""
        try:
            return self.ask("GET", path)
        except RefusedError as error:
            if error.code != 404:
                raise
            return None

    def create(self, path: str, document: Document) -> Document:
        return self.ask("POST", path, document)

    def apply(self, path: str, document: Document, manager: str) -> Document:
        """Server-side apply, by force."""
        path = f"{path}?fieldManager={manager}&force=true"
        return self.ask("PATCH", path, document, _APPLY)

    def merge(self, path: str, document: Document) -> Document:
        """Change an object by a merge patch."""
        return self.ask("PATCH", path, document, _MERGE)

    def delete(self, path: str, grace_seconds: int = 0) -> None:
        """Delete an object; one that is not there is no fault."""
        with suppress(RefusedError):
            self.ask("DELETE", path, {"gracePeriodSeconds": grace_seconds})

    def ask(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        content_type: str = "application/json",
    ) -> Document:
        """What the server answers.

        Raises:
            RefusedError: it says no.
        """
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body)
        reply = self._send(method, path, data, headers)
        text = reply.read()
        if reply.status >= 300:
            raise RefusedError(reply.status, text.decode(errors="replace"))
        document: Document = json.loads(text)
        return document

    def close(self) -> None:
        """Let go of the connection; the next question opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _send(
        self, method: str, path: str, data: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        for is_last in (False, True):
            if self._open is None:
                self._open = self._connect()
            try:
                self._open.request(method, path, data, headers)
                return self._open.getresponse()
            except (OSError, http.client.HTTPException):
                self.close()  # the server closed what was idle
                if is_last:
                    raise
        raise AssertionError

    def _connect(self) -> http.client.HTTPConnection:
        address = urllib.parse.urlsplit(self.url).netloc
        if self.tls is None:
            return http.client.HTTPConnection(address, timeout=30)
        return http.client.HTTPSConnection(address, timeout=30, context=self.tls)


def _named(entries: list[Document], name: str) -> Document:
    return next(each for each in entries if each["name"] == name)


def _tls(cluster: Document, user: Document, folder: Path) -> ssl.SSLContext:
    made = ssl.create_default_context()
    if (authority := _data(cluster, "certificate-authority", folder)) is not None:
        made.load_verify_locations(cadata=authority)
    certificate = _data(user, "client-certificate", folder)
    key = _data(user, "client-key", folder)
    if certificate is not None and key is not None:
        with tempfile.NamedTemporaryFile("w") as both:
            both.write(certificate + key)
            both.flush()
            made.load_cert_chain(both.name)
    return made


def _data(document: Document, name: str, folder: Path) -> str | None:
    """What a kubeconfig has in base64, or in a file."""
    if (text := document.get(f"{name}-data")) is not None:
        return b64decode(text).decode()
    if (path := document.get(name)) is not None:
        return (folder / str(path)).read_text()
    return None
