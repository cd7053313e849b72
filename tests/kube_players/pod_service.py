"""What runs in the container of a test's pod: a service that says its name.

``HOST`` and ``PORT`` say where; ``NAME`` is what it answers, ``FAIL`` the fraction of
requests that it answers with 500, ``ILL`` fails its readiness probe and ``BROKEN`` ends
it at once.
"""

import os
import random
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override

FAIL = float(os.environ.get("FAIL", "0"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment a reply: else the client's delayed ACK costs 40 ms

    def do_GET(self) -> None:
        health = self.path == "/healthz"
        if not health:
            time.sleep(0.3 if self.path == "/slow" else 0.002)
        ill = bool(os.environ.get("ILL")) if health else random.random() < FAIL
        body = (os.environ["NAME"] + "\n").encode()
        self.send_response(500 if ill else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


if __name__ == "__main__":
    if os.environ.get("BROKEN"):
        sys.exit("no model file")
    server = _Server((os.environ["HOST"], int(os.environ["PORT"])), _Handler)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.05)
