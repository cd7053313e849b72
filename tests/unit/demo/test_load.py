import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override

from sluicegate.demo.load import Load, Tally
from sluicegate.model.traffic import RequestCounts

ENOUGH = 100  # requests


class Handler(BaseHTTPRequestHandler):
    """Every tenth request fails; every twentieth is answered by no release."""

    protocol_version = "HTTP/1.1"
    served = 0
    enough = threading.Event()
    lock = threading.Lock()

    def do_POST(self) -> None:
        with Handler.lock:
            Handler.served += 1
            number = Handler.served
        if number == ENOUGH:
            Handler.enough.set()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500 if number % 10 == 0 else 200)
        if number % 20:
            self.send_header("X-Model", "new" if number % 10 == 0 else "old")
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, format: str, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_every_request_is_counted_for_the_release_that_answered_it() -> None:
    with serving() as port:
        load = Load(port, [b"{}"], rate=500, workers=4)
        with load.running():
            assert Handler.enough.wait(timeout=60)
    served, tally = Handler.served, load.tally
    assert tally.total == served
    assert tally.of("old") == RequestCounts(served - served // 10, 0)
    tenth, twentieth = served // 10, served // 20
    assert tally.of("new") == RequestCounts(tenth - twentieth, tenth - twentieth)
    assert tally.losses == {"status 500 of the proxy": twentieth}


def test_a_request_without_an_answer_is_lost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    load = Load(port, [b"{}"], rate=500, workers=1)
    with load.running():
        while load.tally.lost == 0:
            threading.Event().wait(0.01)
    assert set(load.tally.losses) == {"no answer (ConnectionRefusedError)"}


def test_a_tally_knows_nothing_of_a_release_that_never_answered() -> None:
    tally = Tally().answered("a", failed=True).missing("x")
    assert tally.of("b") == RequestCounts(0, 0)
    assert tally.total == 2
