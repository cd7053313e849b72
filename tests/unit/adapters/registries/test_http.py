"""Unit tests of `sluicegate.adapters.registries.http`, against a server that is strict.

The server follows the specification of the token protocol and refuses anything else.
"""

import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from typing_extensions import override

from sluicegate.adapters.registries.http import NotTlsError, RegistryHttp, Reply
from sluicegate.adapters.registries.logins import Login
from sluicegate.errors import PermanentError, TransientError

PATH, SCOPE = "/v2/acme/churn/manifests/v1", "repository:acme/churn:pull,push"
BASIC = "Basic " + b64encode(b"alice:pw").decode()


class Handler(BaseHTTPRequestHandler):
    """Answers with ``status`` and ``body`` once *challenge* is met."""

    protocol_version = "HTTP/1.1"
    challenge: ClassVar[str] = ""
    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b"manifest"
    token: ClassVar[bytes] = b'{"token": "tok"}'
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {urlsplit(self.path).path}")
        login = self.headers.get("Authorization", "")
        if self.path.startswith("/token?"):
            query = parse_qs(urlsplit(self.path).query)
            right = query == {"service": ["reg"], "scope": [SCOPE]} and login == BASIC
            self.answer(200 if right else 401, self.token)
        elif self.challenge and login not in {"Bearer tok", BASIC}:
            challenge = self.challenge.replace("HOST", self.headers["Host"])
            self.answer(401, b"", challenge)
        else:
            self.answer(self.status, self.body)

    def do_POST(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = sent == {
            "grant_type": ["refresh_token"],
            "service": ["reg"],
            "scope": [SCOPE],
            "client_id": ["sluicegate"],
            "refresh_token": ["identity"],
        }
        self.answer(200 if right else 401, b'{"access_token": "tok"}')

    def answer(self, status: int, body: bytes, challenge: str = "") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *args: object) -> None:
        """Say nothing."""


BEARER = 'Bearer realm="http://HOST/token",service="reg",scope="repository:x:pull"'


@pytest.fixture
def server() -> Iterator[tuple[str, type[Handler]]]:
    handler = type("Once", (Handler,), {"asked": []})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{listening.server_address[1]}", handler
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def get(host: str, login: Login | None = None, scheme: str = "http") -> Reply | None:
    return RegistryHttp(host, "registry.example", scheme, login, None).get(
        PATH, SCOPE, "application/json"
    )


ALICE = Login("alice", "pw")


def test_a_registry_that_asks_nothing_is_told_nothing(
    server: tuple[str, type[Handler]],
) -> None:
    host, _ = server

    reply = get(host, ALICE)

    assert reply is not None
    assert (reply.data, reply.content_type) == (b"manifest", "application/json")


@pytest.mark.parametrize(
    ("challenge", "login", "asked"),
    [
        ('Basic realm="x"', ALICE, []),
        (BEARER, ALICE, ["GET /token"]),
        (BEARER, Login(None, "identity"), ["POST /token"]),
    ],
    ids=["basic", "token", "identity token"],
)
def test_a_login_is_given_as_the_registry_asks_for_it(
    server: tuple[str, type[Handler]], challenge: str, login: Login, asked: list[str]
) -> None:
    host, handler = server
    handler.challenge = challenge

    reply = get(host, login)

    assert reply is not None
    assert handler.asked == [f"GET {PATH}", *asked, f"GET {PATH}"]


@pytest.mark.parametrize("challenge", ['Basic realm="x"', BEARER, "Negotiate", ""])
@pytest.mark.parametrize("login", [None, Login("alice", "hunter2"), Login(None, "x")])
def test_who_is_not_let_in_is_told_to_log_in(
    server: tuple[str, type[Handler]], challenge: str, login: Login | None
) -> None:
    host, handler = server
    handler.challenge, handler.status = challenge, 401

    with pytest.raises(PermanentError, match=r"registry\.example refuses") as refused:
        get(host, login)

    assert "`docker login registry.example`" in str(refused.value.hint)
    assert "hunter2" not in str(refused.value)


def test_a_token_server_without_encryption_gets_no_password(
    server: tuple[str, type[Handler]],
) -> None:
    host, handler = server
    http = RegistryHttp(host, "registry.example", "https", ALICE, None)

    with pytest.raises(PermanentError, match="without encryption"):
        http._authorize(BEARER.replace("HOST", host), SCOPE)

    assert handler.asked == []


@pytest.mark.parametrize(
    "token", [b"", b"[]", b"{}", b'{"token": 5}', b'{"token": "\\n"}']
)
def test_a_token_that_is_none_is_refused(
    server: tuple[str, type[Handler]], token: bytes
) -> None:
    host, handler = server
    handler.challenge, handler.token = BEARER, token

    with pytest.raises(PermanentError, match="gave no token"):
        get(host, ALICE)


def test_what_is_not_there_is_nothing(server: tuple[str, type[Handler]]) -> None:
    host, handler = server
    handler.status = 404

    assert get(host) is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, PermanentError),
        (400, PermanentError),
        (405, PermanentError),
        (408, TransientError),
        (429, TransientError),
        (500, TransientError),
        (503, TransientError),
    ],
)
def test_other_answers_pass_or_do_not(
    server: tuple[str, type[Handler]], status: int, error: type[Exception]
) -> None:
    host, handler = server
    handler.status = status

    with pytest.raises(error, match=str(status)):
        get(host)


def test_an_answer_without_end_is_cut(server: tuple[str, type[Handler]]) -> None:
    host, handler = server
    handler.body = b"x" * (4 * 1024 * 1024 + 1)

    with pytest.raises(PermanentError, match="more than"):
        get(host)


def test_a_server_without_tls_is_told_from_one_that_is_not_there(
    server: tuple[str, type[Handler]],
) -> None:
    host, _ = server

    with pytest.raises(NotTlsError, match="no secure connection"):
        get(host, scheme="https")
    with pytest.raises(TransientError, match="does not answer: Connection refused"):
        get("127.0.0.1:1")


def test_a_password_in_netrc_is_not_sent(
    server: tuple[str, type[Handler]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, handler = server
    handler.challenge = 'Basic realm="x"'
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password pw\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with pytest.raises(PermanentError, match="nobody is logged in"):
        get(host)
