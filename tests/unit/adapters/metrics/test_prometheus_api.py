"""Unit tests of `sluicegate.adapters.metrics.prometheus_api`: good and bad ones."""

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_service import Prometheus, answering, free_port, matrix
from registry_service import bcrypt
from webhook_server import make_certificate

from sluicegate.adapters.metrics.prometheus_answer import parse_matrix
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.web_login import Login, Trust
from sluicegate.errors import ExternalError, PermanentError, TransientError

PASSWORD = "a password: with ünïcode"  # noqa: S105 - a made-up one
TOKEN = "s3cret-token-of-a-test"  # noqa: S105 - likewise


@contextmanager
def guarded(folder: Path) -> Iterator[tuple[Prometheus, Trust]]:
    """Prometheus that asks for a password and for a certificate; whom it trusts."""
    certificate, _ = make_certificate(folder)
    key = folder / "key.pem"
    web = f"""\
tls_server_config:
  cert_file: {certificate}
  key_file: {key}
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: {certificate}
basic_auth_users: {{ann: "{bcrypt(PASSWORD)}"}}
"""
    context = ssl.create_default_context(cafile=str(certificate))
    context.load_cert_chain(certificate, key)
    server = Prometheus(folder / "prometheus", (), web=web, context=context)
    both = b64encode(f"ann:{PASSWORD}".encode()).decode()
    try:
        server.start({"Authorization": f"Basic {both}"})
        yield server, Trust(str(certificate), (str(certificate), str(key)))
    finally:
        server.kill()


def test_a_guarded_server_answers_who_logs_in_and_is_trusted(tmp_path: Path) -> None:
    with guarded(tmp_path) as (server, trust):

        def ask(trust: Trust, password: str | None) -> bytes:
            login = None if password is None else Login(lambda: password, "ann")
            api = PrometheusApi(
                server.url, login=login, trust=trust, timeout_seconds=60
            )
            return api.query("up[1m]", 1_795_335_958.0)

        assert parse_matrix(ask(trust, f"{PASSWORD}\n")) == ()
        with pytest.raises(PermanentError, match=r"HTTP 401: Unauthorized$") as no:
            ask(trust, None)
        assert no.value.hint is not None
        with pytest.raises(PermanentError, match=r"HTTP 401"):
            ask(trust, "wrong")
        with pytest.raises(ExternalError):  # we have none; how it says so varies
            ask(Trust(trust.ca), PASSWORD)
        with pytest.raises(PermanentError, match="no secure connection") as untrusted:
            ask(Trust(None, trust.cert), PASSWORD)
        assert untrusted.value.hint == "tls: {ca: FILE} names whom to trust"
        with pytest.raises(PermanentError, match="cannot be asked"):
            ask(Trust(str(tmp_path / "missing.pem"), trust.cert), PASSWORD)


def test_what_the_real_server_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    server = Prometheus(tmp_path / "prometheus", ())
    server.start()
    try:
        with pytest.raises(PermanentError, match=r"HTTP 400: .*parse error"):
            PrometheusApi(server.url, timeout_seconds=60).query("up[", 0)
    finally:
        server.kill()
    with pytest.raises(TransientError, match="cannot be reached"):
        PrometheusApi(server.url, timeout_seconds=60).query("up", 0)


def test_a_token_is_sent_and_never_shown() -> None:
    with answering(b'{"error": "no such tenant"}', code=403) as server:
        api = PrometheusApi(server.url, login=Login(lambda: f"{TOKEN}\n"))
        with pytest.raises(PermanentError) as refused:
            api.query("up", 0)

    assert server.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in f"{refused.value}{refused.value.hint}"
    assert str(refused.value).endswith("HTTP 403: no such tenant")


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Other: 1", f"a {TOKEN}", "ünïcode", ""])
def test_a_token_that_is_none_is_not_sent(token: str) -> None:
    with answering(matrix()) as server:
        with pytest.raises(PermanentError, match="is no token") as refused:
            PrometheusApi(server.url, login=Login(lambda: token)).query("up", 0)

        assert server.forms == []
    assert TOKEN not in str(refused.value)


def test_a_netrc_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"default login ann password {TOKEN}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setattr(
        "sluicegate.adapters.metrics.prometheus_api._LOOPBACK", frozenset()
    )
    monkeypatch.setenv("NO_PROXY", "*")
    with answering(matrix()) as server:
        PrometheusApi(server.url).query("up", 0)

    assert "Authorization" not in server.headers[0]


def test_a_redirect_is_not_followed() -> None:
    with (
        answering(matrix()) as other,
        answering(b"", code=307, headers={"Location": other.url}) as server,
    ):
        api = PrometheusApi(server.url, login=Login(lambda: TOKEN))
        with pytest.raises(PermanentError, match=f"redirects to {other.url}, which"):
            api.query("up", 0)
        assert other.forms == []


def test_what_is_cut_off_is_no_answer() -> None:
    body = matrix(({}, [[1, "2"]]))
    longer = {"Content-Length": str(len(body) + 10)}
    with answering(body, headers=longer) as server, pytest.raises(ExternalError):
        PrometheusApi(server.url, timeout_seconds=60).query("up", 0)


def test_what_is_compressed_unasked_is_refused() -> None:
    with (
        answering(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}) as server,
        pytest.raises(PermanentError, match="compresses"),
    ):
        PrometheusApi(server.url).query("up", 0)


def test_an_answer_has_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sluicegate.adapters.metrics.prometheus_api._MAX_BYTES", 1 << 20
    )
    with (
        answering(b" " * (3 << 20)) as server,
        pytest.raises(PermanentError, match="longer than 1 MiB"),
    ):
        PrometheusApi(server.url, timeout_seconds=60).query("up", 0)


@pytest.mark.parametrize(
    "drop", [b"", b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n["]
)
def test_whoever_answers_in_drops_or_not_at_all_is_not_waited_for(drop: bytes) -> None:
    over = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(drop)
            while drop and not over.wait(0.02):
                try:
                    connection.sendall(b"x: y\r\n" if drop.endswith(b"\n") else b"[")
                except OSError:
                    return
            over.wait()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        try:
            with pytest.raises(ExternalError):
                PrometheusApi(url, timeout_seconds=0.3).query("up", 0)
        finally:
            over.set()
            thread.join()


def test_nobody_there_is_an_outage() -> None:
    url = f"http://127.0.0.1:{free_port()}/prefix/"
    with pytest.raises(TransientError) as said:
        PrometheusApi(url).query("up", 0)
    host = url.split("/")[2]
    assert str(said.value) == (
        f"Prometheus at {host} cannot be reached: Connection refused"
    )
