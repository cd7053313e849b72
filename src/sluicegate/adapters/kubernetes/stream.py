"""One watch request: what the server says on it, line by line, until it ends.

The lines are read in a thread of their own, for nothing else would notice a request to
stop, or the end of the time, while the server is silent.
"""

import json
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx2

from sluicegate.adapters.kubernetes.refusal import Refusal
from sluicegate.adapters.kubernetes.values import Json
from sluicegate.adapters.kubernetes.wire import Wire
from sluicegate.errors import SluicegateError
from sluicegate.ports.clock import Clock

_LOOK_SECONDS = 0.2
_MAX_LINE_BYTES = 16 << 20
_JOIN_SECONDS = 1.0
_GONE = 410
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


class ExpiredError(Exception):
    """The server has forgotten what was before: look at it all anew."""


@dataclass(frozen=True, slots=True)
class Update:
    """An object as it is now, or is no more, or only the version that was reached."""

    change: str
    value: Mapping[str, Json]

    @property
    def resource_version(self) -> str | None:
        """The version up to which all has been told."""
        match self.value.get("metadata"):
            case {"resourceVersion": str(version)}:
                return version
            case _:
                return None

    @property
    def is_change(self) -> bool:
        """Whether it is about the object, and no bookmark."""
        return self.change in _CHANGES

    @property
    def is_deletion(self) -> bool:
        """Whether the object is no more."""
        return self.change == "DELETED"


class Stream:
    """The watch that *request* opens."""

    def __init__(self, wire: Wire, request: httpx2.Request, clock: Clock) -> None:
        self._wire, self._request, self._clock = wire, request, clock
        self._heard: queue.SimpleQueue[bytes | BaseException | None] = (
            queue.SimpleQueue()
        )
        self._is_closed = False
        self._socket: socket.socket | None = None
        self._rest = b""

    def updates(self, end_ms: float) -> Iterator[Update]:
        """What the server says until it or the connection ends, or *end_ms* comes.

        Raises:
            ExpiredError: it cannot go on from where it was asked to.
            Refusal: the server does not let us watch.
            ExternalError: there is no usable answer at all.
            Interrupted: the process was asked to stop.
        """
        thread = threading.Thread(target=self._pump, daemon=True)
        thread.start()
        try:
            while (left := end_ms - self._clock.monotonic_ms()) > 0:
                self._clock.sleep(0)  # raises if the process was asked to stop
                try:
                    heard = self._heard.get(timeout=min(_LOOK_SECONDS, left / 1000))
                except queue.Empty:
                    continue
                if heard is None:
                    return
                if isinstance(heard, BaseException):
                    raise heard
                for line in self._lines(heard):
                    update = _parse(line)
                    if update is None:
                        return
                    yield update
        finally:
            self._close()
            if self._socket is not None:  # else it ends by itself, once it connects
                thread.join(_JOIN_SECONDS)

    def _pump(self) -> None:
        try:
            with self._wire.stream(self._request) as answer:
                network = answer.extensions["network_stream"]
                self._socket = network.get_extra_info("socket")
                with suppress(httpx2.HTTPError, OSError):  # it is cut: asked for anew
                    for chunk in answer.iter_raw():
                        if self._is_closed:
                            break
                        self._heard.put(chunk)
        except (Refusal, SluicegateError) as error:
            self._heard.put(error)
        except BaseException as error:  # noqa: BLE001 - raised again by who listens
            self._heard.put(error)
        self._heard.put(None)

    def _close(self) -> None:
        """End the thread's wait for the next bytes."""
        self._is_closed = True
        if self._socket is not None:
            with suppress(OSError):  # not of SSLSocket: it is in use over there
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _lines(self, data: bytes) -> Iterator[bytes]:
        """The lines that are whole; half a one waits for its rest, or is lost."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(self._rest) > _MAX_LINE_BYTES:
            self._rest = b""


def _parse(line: bytes) -> Update | None:
    """The update in *line*; None where nothing that follows can be understood."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match found:
        case {"type": "ERROR", "object": {"code": code}} if code == _GONE:
            raise ExpiredError
        case {"type": str(change), "object": dict(value)} if change != "ERROR":
            return Update(change, value)
    return None
