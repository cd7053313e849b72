"""Unit tests of `sluicegate.adapters.download`, against servers on this machine."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typing_extensions import override

from sluicegate.adapters.download import download
from sluicegate.errors import PermanentError, TransientError


class Handler(BaseHTTPRequestHandler):
    """Answers ``/CODE/LENGTH``."""

    def do_GET(self) -> None:
        code, length = map(int, self.path.strip("/").split("/"))
        self.send_response(code)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(b"x" * length)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_file_is_fetched_up_to_its_bound(url: str) -> None:
    assert download(f"{url}/200/100", None, max_bytes=100) == b"x" * 100

    with pytest.raises(PermanentError, match="longer than 100 bytes"):
        download(f"{url}/200/101", None, max_bytes=100)


@pytest.mark.parametrize(
    ("code", "error"), [(404, PermanentError), (503, TransientError)]
)
def test_what_is_not_there_is_an_error(
    url: str, code: int, error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"HTTP {code}"):
        download(f"{url}/{code}/0", None, max_bytes=100)


def test_nobody_there_is_an_error_that_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(TransientError, match="cannot be reached"):
        download(f"http://127.0.0.1:{port}/200/1", None, max_bytes=100)
