import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from webhook_server import make_certificate, serve_hooks

from sluicegate.adapters.github.answer import Answer, CutError, Limits, Question
from sluicegate.adapters.github.wire import Wire
from sluicegate.errors import Interrupted, PermanentError

READ = Question("GET", "/repos/acme/app?x=1", {"Authorization": "token t"})
WRITE = Question("POST", "/repos/acme/app/check-runs", {}, b'{"a": 1}')
QUICK = Limits(socket_seconds=(0.3, 0.3), total_seconds=0.6, bytes=1 << 20)
HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def speaking(*parts: bytes, hold: bool = False, drip: bytes = b"") -> Iterator[str]:
    """A server that says *parts* to the first that comes, and then hangs up.

    With *hold* it stays on the line and says nothing more, or *drip* now and then.
    """
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for part in parts:
                    connection.sendall(part)
                while hold and not done.wait(0.1):
                    with suppress(OSError):  # nobody listens any more
                        connection.sendall(drip)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        done.set()
        thread.join()


def ask(base: str, question: Question = READ, limits: Limits = QUICK) -> Answer:
    return Wire(base, None, lambda: None, limits).ask(question)


def test_an_answer_has_its_status_headers_and_body() -> None:
    body = gzip.compress(b'{"id": 1}')
    head = f"Content-Encoding: gzip\r\nX-A: b\r\nContent-Length: {len(body)}\r\n\r\n"
    with speaking(HEAD, head.encode(), body) as base:
        answer = ask(base)

    assert (answer.status, answer.body) == (200, b'{"id": 1}')
    assert answer.headers["x-a"] == "b"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((), id="nothing"),
        pytest.param((HEAD, b"Content-Length: 100\r\n\r\n", b'{"a"'), id="half a body"),
        pytest.param(
            (HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b'4\r\n{"a"\r\n'),
            id="half of the chunks",
        ),
        pytest.param(
            (HEAD, b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n", b"xyz"),
            id="not what it says it is",
        ),
        pytest.param((b"SSH-2.0-OpenSSH_9.2\r\n",), id="no web server"),
        pytest.param((b"HTTP/1.1 banana\r\n\r\n",), id="no status"),
    ],
)
@pytest.mark.parametrize("question", [READ, WRITE], ids=["read", "write"])
def test_what_ends_too_early_may_have_arrived(
    parts: tuple[bytes, ...], question: Question
) -> None:
    with speaking(*parts) as base, pytest.raises(CutError) as cut:
        ask(base, question)

    assert cut.value.arrived


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((), id="silence"),
        pytest.param(
            (HEAD, b"Content-Length: 9\r\n\r\n", b'{"'), id="and then silence"
        ),
    ],
)
def test_silence_has_an_end(parts: tuple[bytes, ...]) -> None:
    with speaking(*parts, hold=True) as base, pytest.raises(CutError) as cut:
        ask(base)

    assert cut.value.arrived


@pytest.mark.parametrize(
    ("parts", "drip"),
    [
        pytest.param((HEAD, b"Content-Length: 9999\r\n\r\n"), b"1", id="the body"),
        pytest.param((HEAD,), b"X-Patience: 1\r\n", id="the head"),
    ],
)
def test_an_answer_in_drops_has_an_end(parts: tuple[bytes, ...], drip: bytes) -> None:
    with (
        speaking(*parts, hold=True, drip=drip) as base,
        pytest.raises(CutError, match=r"no answer within 0\.6 s") as cut,
    ):
        ask(base)

    assert cut.value.arrived


def test_nobody_there_is_known_not_to_have_got_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(CutError, match="Connection refused") as cut:
        ask(f"http://127.0.0.1:{port}", WRITE)

    assert not cut.value.arrived


def test_a_name_that_nobody_has_is_known_not_to_have_got_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CutError) as cut:
        ask("http://github.invalid", WRITE)

    assert not cut.value.arrived


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        where = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {where}\r\n"
        with speaking(head.encode(), b"Content-Length: 0\r\n\r\n") as base:
            answer = ask(base, WRITE)
        elsewhere.setblocking(False)  # noqa: FBT003 - takes no name
        with pytest.raises(BlockingIOError):
            elsewhere.accept()

    assert (answer.status, answer.headers["location"]) == (status, where)


def test_too_long_an_answer_is_refused() -> None:
    body = b"x" * (2 << 20)
    head = f"Content-Length: {len(body)}\r\n\r\n".encode()
    with (
        speaking(HEAD, head, body) as base,
        pytest.raises(PermanentError, match="1 MiB"),
    ):
        ask(base)


def test_a_small_answer_that_grows_is_refused() -> None:
    body = gzip.compress(bytes(64 << 20))
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with (
        speaking(HEAD, head, body) as base,
        pytest.raises(PermanentError, match="1 MiB"),
    ):
        ask(base, limits=Limits(bytes=1 << 20))


def test_a_stop_ends_the_wait_for_an_answer() -> None:
    def meanwhile() -> None:
        raise Interrupted("asked to stop")

    with speaking(hold=True) as base, pytest.raises(Interrupted):
        Wire(base, None, meanwhile, Limits()).ask(READ)


def test_nothing_is_taken_from_a_netrc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve)
        thread.start()
        ask(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()

    assert b"Authorization: token t" in seen[0]
    assert b"Basic" not in seen[0]


def test_a_certificate_is_checked_against_those_to_trust(tmp_path: Path) -> None:
    certificate, context = make_certificate(tmp_path)
    with serve_hooks(context) as hooks:
        base = f"https://127.0.0.1:{hooks.port}"
        with pytest.raises(PermanentError, match="no secure connection") as error:
            Wire(base, None, lambda: None).ask(WRITE)
        assert "SSL_CERT_FILE" in str(error.value.hint)
        assert hooks.paths == []

        assert Wire(base, str(certificate), lambda: None).ask(WRITE).status == 200
