"""Where the API server is, and how it is known to be the one."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sluicegate.adapters.kubernetes.values import Json, Node
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class Pem:
    """Certificates or a key: a file, or its content. Empty if neither is given."""

    path: Path | None = None
    data: bytes | None = None

    def __bool__(self) -> bool:
        return self.path is not None or self.data is not None

    def read(self, what: str) -> bytes:
        """The content.

        Raises:
            PermanentError: *what* cannot be read.
        """
        if self.data is not None:
            return self.data
        try:
            return b"" if self.path is None else self.path.read_bytes()
        except OSError as error:
            raise PermanentError(
                f"{what} in {self.path} cannot be read: {error.strerror}",
                hint="see the kubeconfig, which names that file",
            ) from error

    def base64(self) -> str:
        """The content as a kubeconfig has it.

        Raises:
            PermanentError: it cannot be read.
        """
        return base64.b64encode(self.read("the certificate authority")).decode()


@dataclass(frozen=True, slots=True)
class Server:
    """An API server. *extension* is what a plug-in is told of the cluster."""

    url: str
    ca: Pem = Pem()
    insecure: bool = False
    name: str | None = None
    proxy: str | None = None
    extension: Json = None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return show(urlsplit(self.url).netloc.rpartition("@")[2], 120)

    @property
    def is_secure(self) -> bool:
        """Whether what is sent is encrypted."""
        return urlsplit(self.url).scheme == "https"

    @property
    def is_here(self) -> bool:
        """Whether it is reached without leaving this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK


def parse_server(entry: Node, folder: Path) -> Server:
    """The server of a kubeconfig's *entry*; its paths are relative to *folder*.

    Raises:
        PermanentError: it cannot be used.
    """
    url = entry.text("server") or ""
    _check_url(url, entry.where)
    extension = next(
        (
            each.plain("extension")
            for each in entry.items("extensions")
            if each.text("name") == _EXEC_EXTENSION
        ),
        None,
    )
    server = Server(
        url=url.rstrip("/"),
        ca=parse_pem(entry, "certificate-authority", folder),
        insecure=entry.flag("insecure-skip-tls-verify") or False,
        name=entry.text("tls-server-name") or None,
        proxy=entry.text("proxy-url") or None,
        extension=extension,
    )
    if server.insecure and server.ca:
        raise PermanentError(
            f"{entry.where}: insecure-skip-tls-verify and a certificate-authority"
            " contradict each other",
            hint="remove insecure-skip-tls-verify: the certificate is checked then",
        )
    return server


def parse_pem(entry: Node, name: str, folder: Path) -> Pem:
    """``NAME-data`` (base64), else the file ``NAME``.

    Raises:
        PermanentError: it is no base64.
    """
    data = entry.text(f"{name}-data")
    if data:
        try:
            return Pem(data=base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError):
            raise PermanentError(f"{entry.where}.{name}-data is no base64") from None
    path = entry.text(name)
    return Pem(path=folder / Path(path).expanduser()) if path else Pem()


def _check_url(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in {"http", "https"} and parts.hostname is not None
        _ = parts.port
    except ValueError:
        is_one = False
        parts = urlsplit("")
    if not is_one or parts.username is not None:
        raise PermanentError(
            f"{where}.server is no address of an API server: {show(url, 120)}"
        )
