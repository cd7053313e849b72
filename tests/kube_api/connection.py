"""One connection: HTTP/1.1, answers in one piece, watches in chunks."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from typing_extensions import override

from kube_api.faults import Fault
from kube_api.problem import expired
from kube_api.request import Answer, Request
from kube_api.values import Json
from kube_api.watching import error_event

_LONGEST_STALL = 3600.0  # seconds


@dataclass(frozen=True)
class Exchange:
    """What was asked, and which status was answered (0: none)."""

    method: str
    target: str
    status: int


class Connection(BaseHTTPRequestHandler):
    """Reads requests and writes answers, and lets faults happen."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        _, faults, exchanges = self.server.world
        request = self._request()
        fault = faults.take(request.method, request.target) or Fault()
        if fault.seconds:
            faults.ended.wait(fault.seconds)
        try:
            answer = self._answer_of(request, fault)
            status = 0 if answer is None else answer.status
            exchanges.append(Exchange(request.method, request.target, status))
            if answer is None or not self._send(request, answer, fault):
                self._cut()
        except OSError:
            self._cut()

    def _answer_of(self, request: Request, fault: Fault) -> Answer | None:
        """None: there is none."""
        if fault.where == "before":
            return None
        if fault.first is not None:
            fault.first()
        if fault.problem is not None:
            problem = fault.problem
            return Answer(problem.code, problem.status(), problem.headers)
        answer: Answer = self.server.world[0].answer(request)
        return None if fault.where == "after" else answer

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)

    @override
    def handle_one_request(self) -> None:
        """One request, whatever its method."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
            elif self.parse_request():
                self._answer()
        except OSError:
            self.close_connection = True

    def _request(self) -> Request:
        several = tuple((k.lower(), v) for k, v in self.headers.items())
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return Request(
            self.command, self.path, dict(several), body, self._certificate(), several
        )

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _certificate(self) -> tuple[str, tuple[str, ...]] | None:
        if not isinstance(self.connection, ssl.SSLSocket):
            return None
        told: Any = self.connection.getpeercert()
        if not told:
            return None
        subject = [pair for part in told["subject"] for pair in part]
        names = [value for key, value in subject if key == "commonName"]
        groups = [value for key, value in subject if key == "organizationName"]
        return names[-1], tuple(groups)

    def _send(self, request: Request, answer: Answer, fault: Fault) -> bool:
        """Whether the connection goes on."""
        if answer.events is not None:
            return self._stream(answer, answer.events, fault)
        if answer.text is not None:
            body, kind = answer.text.encode(), "text/plain; charset=utf-8"
        else:
            body, kind = json.dumps(answer.body).encode(), "application/json"
        if fault.spoilt:
            body = body[: len(body) // 2]
        self._head(answer, {"Content-Type": kind, "Content-Length": str(len(body))})
        if fault.where == "within":
            self.wfile.write(body[: len(body) // 2])
        elif request.method != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
        return fault.where != "within"

    def _head(self, answer: Answer, more: dict[str, str]) -> None:
        self.send_response(answer.status)
        for key, value in {**answer.headers, **more}.items():
            self.send_header(key, value)
        for warning in answer.warnings:
            escaped = warning.replace("\\", "\\\\").replace('"', '\\"')
            self.send_header("Warning", f'299 - "{escaped}"')
        self.end_headers()

    def _stream(self, answer: Answer, events: Iterator[Json], fault: Fault) -> bool:
        kind = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        self._head(answer, kind)
        self.wfile.flush()
        count = 0
        while fault.in_watch is None or count < fault.after:
            event = next(events, None)
            if event is None:
                break
            self._event(event)
            count += 1
        else:
            if self._happens(fault, events):
                return False
        self._chunk(b"")
        return True

    def _happens(self, fault: Fault, events: Iterator[Json]) -> bool:
        """What goes wrong in a watch; whether that ends the connection."""
        if fault.in_watch == "expire":
            self._event(error_event(expired("too old resource version: 1 (2)")))
        if fault.in_watch == "stall":
            self.server.world[1].ended.wait(_LONGEST_STALL)
        if fault.in_watch == "half":
            half = json.dumps(next(events, {"type": "BOOKMARK"})).encode()
            self._chunk(half[: len(half) // 2])
        return fault.in_watch in ("cut", "half", "stall")

    def _event(self, event: Json) -> None:
        self._chunk(json.dumps(event).encode() + b"\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
