"""A server that says byte for byte what it is told to, whoever asks."""

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


class Script:
    """One connection: what came, and what is sent."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the other side has gone; False if it has not within *seconds*."""
        return bool(select.select([self._connection], [], [], seconds)[0])

    @cached_property
    def request(self) -> bytes:
        """The head of a request, and as much of its body as it announces."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._connection.recv(65536)
            if not more:
                return data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        sizes = [line[15:] for line in lines if line.startswith(b"content-length:")]
        while sizes and len(body) < int(sizes[0]):
            body += self._connection.recv(65536)
        return head + b"\r\n\r\n" + body


Act = Callable[[Script], None]


class Server:
    """Where it is."""

    def __init__(self, url: str) -> None:
        self.url = url

    def kubeconfig(self, folder: Path, **user: str) -> Path:
        """A kubeconfig whose context ``test`` leads here, as a user with a token."""
        path = folder / "kubeconfig"
        found = {
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": user or {"token": "the-token"}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(json.dumps(found))
        return path


def answer(status: int, body: bytes, *headers: str) -> Act:
    """One whole answer."""
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, "Content-Type: application/json", "Connection: close"])

    def send(script: Script) -> None:
        assert script.request
        script.send(head.encode() + b"\r\n\r\n" + body)

    return send


@contextmanager
def scripted(*acts: Act, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that does *acts*, one for each connection, the last one for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def run() -> None:
            count = 0
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        stream: socket.socket = connection
                        if tls is not None:
                            stream = tls.wrap_socket(connection, server_side=True)
                        with stream:
                            acts[min(count, len(acts) - 1)](Script(stream))
                        count += 1

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@dataclass
class Proxy:
    """A proxy that leads wherever it is asked to; *seen* are its requests' heads."""

    url: str
    seen: list[bytes] = field(default_factory=list)


@contextmanager
def tunnels(refuses: bytes | None = None) -> Iterator[Proxy]:
    """A proxy for CONNECT; *refuses* is a status line with which it refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                script = Script(connection)
                proxy.seen.append(script.request)
                if refuses is not None:
                    script.send(refuses + b"\r\nContent-Length: 0\r\n\r\n")
                    return
                host, _, port = script.request.split(b" ")[1].decode().rpartition(":")
                with socket.create_connection((host, int(port))) as other:
                    script.send(b"HTTP/1.1 200 OK\r\n\r\n")
                    _relay(connection, other)

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=serve, args=[connection]).start()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield proxy
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Pass on what comes from either side, until one of them ends."""
    while True:
        for source in select.select([one, other], [], [])[0]:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)
