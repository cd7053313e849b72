"""Unit tests of `sluicegate.adapters.witness`, against servers on this machine."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webhook_server import make_certificate, serve_hooks

from sluicegate.adapters.witness import HttpWitness, is_usable
from sluicegate.errors import ExternalError, PermanentError, TransientError, UsageError
from sluicegate.model.witness import Answer, Conflict, Cosignatures, Refusal, Refused


class Server:
    """Answers every connection with the same bytes, once the request is there."""

    def __init__(self) -> None:
        self.answer = b""
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/prefix/"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        data = b""
        while not data.endswith(b"\n-- end\n"):
            part = connection.recv(65536)
            if not part:
                return
            data += part
        self.requests.append(data)
        with suppress(OSError):
            connection.sendall(self.answer)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as one:
        yield one


def reply(status: str, body: bytes, kind: str = "text/plain") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


def post(server: Server, timeout_seconds: float = 10.0) -> Answer:
    witness = HttpWitness(server.url, None, timeout_seconds=timeout_seconds)
    return witness.add_checkpoint(b"old 0\n\nlog\n-- end\n")


def test_it_posts_the_request_to_the_submission_prefix(server: Server) -> None:
    server.answer = reply("200 OK", "— w AAAA\n".encode())

    assert post(server) == Cosignatures("— w AAAA\n".encode())
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /prefix/add-checkpoint HTTP/1.1\r\n")
    assert body == b"old 0\n\nlog\n-- end\n"


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("400 Bad Request", Refusal.MALFORMED),
        ("403 Forbidden", Refusal.NOT_SIGNED),
        ("404 Not Found", Refusal.UNKNOWN_LOG),
        ("422 Unprocessable Entity", Refusal.FORK),
    ],
)
def test_it_tells_why_it_refuses(server: Server, status: str, refusal: Refusal) -> None:
    server.answer = reply(status, b"because\n" + b"x" * 1000)

    answer = post(server)

    assert isinstance(answer, Refused)
    assert answer.refusal is refusal
    assert answer.detail.startswith("because")
    assert len(answer.detail) == 300


@pytest.mark.parametrize(
    "kind", ["text/x.tlog.size", "Text/X.Tlog.Size; charset=utf-8"]
)
def test_a_conflict_names_the_size_it_has_seen(server: Server, kind: str) -> None:
    server.answer = reply("409 Conflict", b"20852014\n", kind)

    assert post(server) == Conflict(20852014)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"5\n", "text/plain"),
        (b"5", "text/x.tlog.size"),
        (b"", "text/x.tlog.size"),
        (b"05\n", "text/x.tlog.size"),
        (b"-5\n", "text/x.tlog.size"),
        (b"5\n\n", "text/x.tlog.size"),
        ("\u0665\n".encode(), "text/x.tlog.size"),
        (b"9" * 20 + b"\n", "text/x.tlog.size"),
    ],
)
def test_a_conflict_without_a_size_is_no_answer(
    server: Server, body: bytes, kind: str
) -> None:
    server.answer = reply("409 Conflict", body, kind)

    with pytest.raises(PermanentError, match="without the size"):
        post(server)


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (reply("500 Oops", b""), TransientError, "it answered HTTP 500"),
        (reply("503 Later", b""), TransientError, "it answered HTTP 503"),
        (reply("429 Slow down", b""), TransientError, "it answered HTTP 429"),
        (reply("302 Found", b""), PermanentError, "redirects with HTTP 302"),
        (reply("401 Who", b""), PermanentError, "HTTP 401: is that a witness"),
        (reply("204 Nothing", b""), PermanentError, "HTTP 204: is that a witness"),
        (reply("200 OK", b"x" * 200_000), PermanentError, "longer than 131072"),
        (b"SSH-2.0-OpenSSH_9\r\n", TransientError, "cannot be reached"),
        (b"", TransientError, "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1", TransientError, "cannot be"),
    ],
)
def test_what_is_no_witness_is_an_error(
    server: Server, answer: bytes, error: type[ExternalError], text: str
) -> None:
    server.answer = answer

    with pytest.raises(error, match=text):
        post(server)


def test_nobody_there_and_no_answer_are_errors_that_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TransientError, match=r"no answer within 0\.3 s"):
            HttpWitness(url, None, timeout_seconds=0.3).add_checkpoint(b"")
    with pytest.raises(TransientError, match="cannot be reached"):
        HttpWitness(url, None).add_checkpoint(b"")


def test_a_certificate_is_trusted_only_if_it_is_in_the_bundle(tmp_path: Path) -> None:
    bundle, context = make_certificate(tmp_path)
    with serve_hooks(context) as server:
        url = f"https://127.0.0.1:{server.port}"
        answer = HttpWitness(url, str(bundle)).add_checkpoint(b"here\n")
        with pytest.raises(PermanentError, match="no trusted TLS"):
            HttpWitness(url, None).add_checkpoint(b"not here\n")

    assert answer == Cosignatures(b"")
    assert server.bodies == [b"here\n"]


def test_redirects_are_not_followed() -> None:
    with serve_hooks() as server, serve_hooks() as elsewhere:
        place = f"http://127.0.0.1:{elsewhere.port}/"
        for code in (301, 302, 307, 308):
            server.answers.append((code, {"Location": place}))
            with pytest.raises(PermanentError, match="not followed"):
                HttpWitness(f"http://127.0.0.1:{server.port}", None).add_checkpoint(b"")

    assert elsewhere.bodies == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "witness.example",
        "ftp://witness.example",
        "file:///etc/passwd",
        "https://",
        "https://me:secret@witness.example",
        "https://me@witness.example",
        "https://[",
        "https://witness.example:port",
        "https://witness.example/?key=1",
        "https://witness.example/#here",
    ],
)
def test_what_is_no_address_of_a_witness_is_refused(url: str) -> None:
    assert not is_usable(url)
    with pytest.raises(UsageError, match="not the address of a witness"):
        HttpWitness(url, None)


@given(
    answer=st.binary(max_size=300)
    | st.binary(max_size=100).map(lambda body: reply("200 OK", body))
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_but_an_answer_or_the_named_errors_comes_out(answer: bytes) -> None:
    with serving() as server:
        server.answer = answer
        with suppress(ExternalError):
            assert isinstance(post(server, 2.0), Cosignatures | Conflict | Refused)
