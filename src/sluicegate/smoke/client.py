"""One request over HTTP/1.1, whatever the other side does.

``http.client`` bounds a wait for the next byte, and not the whole: a server that sends
one byte a second would be listened to for ever. Here the socket itself knows until when
it may be read, and how much of it.
"""

import http.client
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from typing_extensions import Buffer, override

_HOST = "127.0.0.1"


class Fault(Exception):  # noqa: N818 - a value, in the end
    """There is no whole answer; says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """``seconds`` until an answer is whole, ``size`` in bytes of all of it."""

    seconds: float
    size: int


def ask(port: int, request: Request, bounds: Bounds) -> Reply:
    """Send *request* to *port* of this machine, once, over a connection of its own.

    Raises:
        Fault: there is no whole answer within the bounds.
    """
    until = time.monotonic() + bounds.seconds
    try:
        with socket.create_connection((_HOST, port), bounds.seconds) as connection:
            return _exchange(connection, request, until, bounds)
    except TimeoutError as error:
        raise Fault(f"no whole answer within {bounds.seconds:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        words = str(error) or type(error).__name__
        raise Fault(f"no answer: {ascii(words)[1:-1][:200]}") from error


def _exchange(
    connection: socket.socket, request: Request, until: float, bounds: Bounds
) -> Reply:
    client = http.client.HTTPConnection(_HOST)
    client.sock = _Bounded(connection, until, bounds.size)
    headers = {
        **request.headers,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    try:
        # Who refuses early may not read it all, and yet has said why.
        with suppress(BrokenPipeError, ConnectionResetError):
            client.request(request.method, request.path, request.body, headers)
        with client.getresponse() as answer:
            # Never all at once: room would be made for as much as it announces.
            body = answer.read(bounds.size + 1)
    finally:
        client.close()
    if answer.length:  # a connection that ended early is no error to http.client
        raise Fault(f"no whole answer: {answer.length} bytes are missing")
    encoding = answer.headers.get("Content-Encoding", "identity")
    if encoding.lower() not in {"", "identity"}:
        raise Fault("no answer: it is encoded, though nobody asked for that")
    return Reply(answer.status, body)


class _Bounded(socket.socket):
    """What `http.client` takes for a socket: read until a time and up to a size."""

    def __init__(self, connection: socket.socket, until: float, size: int) -> None:
        super().__init__(
            connection.family, connection.type, connection.proto, connection.detach()
        )
        self._until, self._left = until, size

    @override
    def sendall(self, data: Buffer, flags: int = 0, /) -> None:
        self._hurry()
        super().sendall(data, flags)

    @override
    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0, /) -> int:
        self._hurry()
        count = super().recv_into(buffer, nbytes, flags)
        self._left -= count
        if self._left < 0:
            raise Fault("no answer: it is too large")
        return count

    def _hurry(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)
