"""A model service of one file, for tests: a score, and the ways to get it wrong.

``python smoke_service.py PORT``, or in the process of a test: answers ``POST /predict``
with a bird's score, ``POST /batch`` with those of many, ``GET /healthz``. The variable
FAULT says what is wrong with it. There are no packages where this runs.
"""

import contextlib
import http.server
import json
import math
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

MEAN = 0.5
"""What stands in for a field that is not there."""


class RefusedError(Exception):
    pass


def number(bird: dict[str, Any], name: str, fault: str) -> float:
    value = bird.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(f"{name} is no number")
    if not math.isfinite(value) and fault != "takes-nan":
        raise RefusedError(f"{name} is not finite")
    return float(value)


def predict(bird: object, fault: str = "", index: int = 0) -> dict[str, Any]:
    if not isinstance(bird, dict):
        raise RefusedError("no object")
    if fault == "strict" and bird.keys() - {"mass", "length", "sex"}:
        raise RefusedError("unknown field")
    mass, length = (number(bird, name, fault) for name in ("mass", "length"))
    sex = bird.get("sex", MEAN)
    if sex is None:
        sex = 0.0 if fault == "null-is-zero" else MEAN
    score = 1 / (1 + math.exp(-(mass - length / 50 + sex / 10)))
    if fault == "skewed":
        score += 0.01
    if fault == "place":
        score += index / 1000
    answer: dict[str, Any] = {"score": score, "model": "v1", "label": score > 0.5}
    if fault == "nan":
        answer["score"] = float("nan")
    if fault == "null":
        answer["label"] = None
    if fault == "missing":
        del answer["label"]
    if fault == "more":
        answer["debug"] = True
    return answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], fault: str) -> None:
        super().__init__(address, Handler)
        self.fault = fault
        self.over = threading.Event()
        self.seen: list[bytes] = []

    def handle_error(self, *args: object) -> None:  # type: ignore[explicit-override]
        """A client that has gone away meanwhile is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server  # type: ignore[mutable-override]  # as the module has it

    def do_GET(self) -> None:
        self.reply(503 if self.server.fault == "ill" else 200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(body)
        fault = self.server.fault
        if fault == "redirects":
            self.send_response(307)
            self.send_header("Location", "/healthz")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "dies":
            print("no memory left for this", flush=True)
            os._exit(3)
        if fault == "hangs":
            self.server.over.wait()
        try:
            asked = json.loads(body)
            if self.path == "/batch":
                found: object = batch(asked, fault)
            else:
                found = predict(asked, fault)
        except (RefusedError, ValueError, TypeError, KeyError) as error:
            self.reply(500 if fault == "crashes" else 400, {"error": str(error)})
        else:
            self.reply(200, found)

    def reply(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:  # type: ignore[explicit-override]
        pass


def batch(asked: dict[str, Any], fault: str) -> dict[str, Any]:
    found = [predict(bird, fault, at) for at, bird in enumerate(asked["instances"])]
    if fault == "shuffled":
        found.sort(key=lambda each: each["score"])
    if fault == "short":
        found = found[1:]
    return {"predictions": found}


@contextlib.contextmanager
def served(fault: str = "") -> Iterator[Server]:
    """The service in this process, on a port of its own."""
    with Server(("127.0.0.1", 0), fault) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    FAULT = os.environ.get("FAULT", "")
    if FAULT == "broken":
        sys.exit("no model file")
    Server(("", int(sys.argv[1])), FAULT).serve_forever()
