"""Serves the classifier over HTTP: python3 service.py.

    POST /predict         a bird as JSON -> {"species", "probabilities", "model"}
    POST /predict/batch   {"instances": [bird, ...]} -> {"predictions": [...]}
    GET  /healthz         200 once the model is loaded

Standard library only. SIGTERM stops it gently: open requests are answered, new
connections are refused.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import classifier
from features import BadInputError, vector

MAX_BODY_BYTES = 64 * 1024
IDLE_SECONDS = 75  # longer than a proxy keeps an unused connection, usually 60
DRAIN_SECONDS = 10
_ROUTES = {"/predict": "POST", "/predict/batch": "POST", "/healthz": "GET"}


class Service(ThreadingHTTPServer):
    """Knows the model, and how many requests are being answered."""

    daemon_threads = True  # an idle connection must not hold up the end
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], model: classifier.Model) -> None:
        super().__init__(address, Handler)
        self.model = model
        self.stopping = threading.Event()
        self._open = 0
        self._changed = threading.Condition()

    def request_began(self) -> None:
        """Count a request in."""
        with self._changed:
            self._open += 1

    def request_ended(self) -> None:
        """Count a request out."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until no request is open; say whether that was reached in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, seconds)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Service
    protocol_version = "HTTP/1.1"  # keep-alive
    timeout = IDLE_SECONDS
    wbufsize = 16 * 1024  # head and body leave in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer GET."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Answer POST."""
        self._answer("POST")

    def handle_expect_100(self) -> bool:
        """Let the client go on at once, although replies are buffered."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def parse_request(self) -> bool:
        """Count the request as open from its first line on."""
        self.server.request_began()
        self._counted = True
        return super().parse_request()

    def handle_one_request(self) -> None:
        """Answer one request, however it ends."""
        self._counted = False
        try:
            super().handle_one_request()
        finally:
            if self._counted:
                self.server.request_ended()

    def log_message(self, *_: object) -> None:
        """Keep quiet: the proxy counts requests, `_route` reports failures."""

    def _answer(self, method: str) -> None:
        status, reply = self._route(method)
        self._send(status, reply)

    def _route(self, method: str) -> tuple[HTTPStatus, dict[str, object]]:
        body = self._read_body()
        if body is None:
            self.close_connection = True  # what follows cannot be told apart
            return _error(HTTPStatus.BAD_REQUEST, "send a body with Content-Length")
        wanted = _ROUTES.get(self.path)
        if wanted is None:
            return _error(HTTPStatus.NOT_FOUND, f"no such path: {self.path}")
        if method != wanted:
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, f"use {wanted}")
        if self.path == "/healthz":
            return HTTPStatus.OK, {"status": "ok", "model": self.server.model.version}
        try:
            ask = predict if self.path == "/predict" else predict_batch
            return HTTPStatus.OK, ask(self.server.model, body)
        except BadInputError as error:
            return _error(HTTPStatus.BAD_REQUEST, str(error))
        except Exception:
            traceback.print_exc()
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            return None
        return self.rfile.read(int(length)) if int(length) <= MAX_BODY_BYTES else None

    def _send(self, status: HTTPStatus, reply: dict[str, object]) -> None:
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Model", self.server.model.version)
        if self.server.stopping.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)


def predict(model: classifier.Model, body: bytes) -> dict[str, object]:
    """Classify the bird in *body*.

    Raises:
        BadInputError: *body* is no JSON object, or not that of a measured bird.
    """
    return classifier.answer(model, vector(_read_object(body)))


def predict_batch(model: classifier.Model, body: bytes) -> dict[str, object]:
    """Classify every bird in *body*, or none.

    Raises:
        BadInputError: *body* holds no list of measured birds; the message says which
            of them is none.
    """
    birds = _read_object(body).get("instances")
    if not isinstance(birds, list):
        raise BadInputError("instances must be a list")
    answers = []
    for place, bird in enumerate(birds):
        if not isinstance(bird, dict):
            raise BadInputError(f"instances[{place}] is not a JSON object")
        try:
            answers.append(classifier.answer(model, vector(bird)))
        except BadInputError as error:
            raise BadInputError(f"instances[{place}]: {error}") from None
    return {"predictions": answers}


def _read_object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInputError("the body is not JSON") from None
    if not isinstance(found, dict):
        raise BadInputError("the body is not a JSON object")
    return found


def _error(status: HTTPStatus, message: str) -> tuple[HTTPStatus, dict[str, object]]:
    return status, {"error": message}


def main() -> int:
    """Serve until SIGTERM or Ctrl-C."""
    model = classifier.load(Path(__file__).parent / "model" / "model.json")
    host = os.environ.get("HOST", "0.0.0.0")  # noqa: S104 - it lives in a container
    service = Service((host, int(os.environ.get("PORT", "8000"))), model)

    def stop(*_: object) -> None:
        service.stopping.set()
        threading.Thread(target=service.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"model {model.version} on port {service.server_port}", flush=True)
    service.serve_forever(poll_interval=0.1)
    service.server_close()
    started = time.monotonic()
    drained = service.drain(DRAIN_SECONDS)
    print(f"stopped after {time.monotonic() - started:.1f} s", flush=True)
    return 0 if drained else 1


if __name__ == "__main__":
    sys.exit(main())
