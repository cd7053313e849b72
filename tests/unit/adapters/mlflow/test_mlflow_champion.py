"""Unit tests of `sluicegate.adapters.mlflow`: servers that do not behave."""

import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_mlflow import FakeMlflow, Version, serve_mlflow
from scripted_server import Script, scripted
from webhook_server import make_certificate

from sluicegate.adapters.mlflow.api import MlflowApi
from sluicegate.adapters.mlflow.champion import Wanted, find_champion
from sluicegate.adapters.web_login import Login, Trust
from sluicegate.errors import (
    ExternalError,
    Interrupted,
    PermanentError,
    TransientError,
)
from sluicegate.model.champion import Champion, NoChampion

TOKEN = "s3cret-token-of-a-test"  # noqa: S105 - a made-up one
DATA = b'{"id": "a", "y": 1, "yhat": 1}\n'
ABSENT = b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"}'
WANTED = Wanted("churn", "champion", "eval/p.jsonl", 1 << 20)
MODEL, VERSION, FILE = (
    "/api/2.0/mlflow/registered-models/get",
    "/api/2.0/mlflow/model-versions/get",
    "/get-artifact",
)


def fill(fake: FakeMlflow, data: bytes = DATA) -> str:
    run = fake.begin_run()
    fake.log(run, WANTED.path, data)
    fake.register("churn", run, "champion")
    return run


def find(
    url: str,
    *,
    token: str | None = None,
    trust: Trust | None = None,
    wanted: Wanted = WANTED,
    seconds: float = 30,
) -> Champion | NoChampion:
    login = None if token is None else Login(lambda: token)
    return find_champion(MlflowApi(url, login, trust or Trust()), wanted, seconds)


def test_the_login_goes_to_a_server_that_is_trusted(tmp_path: Path) -> None:
    certificate, context = make_certificate(tmp_path)
    with serve_mlflow(context) as fake:
        fake.login = f"Bearer {TOKEN}"
        run = fill(fake)

        found = find(fake.url, token=f"{TOKEN}\n", trust=Trust(str(certificate)))
        assert isinstance(found, Champion)
        assert found.run == run
        fake.asked.clear()
        with pytest.raises(PermanentError, match="no secure connection") as no:
            find(fake.url, token=TOKEN)
        assert no.value.hint == "tls: {ca: FILE} names whom to trust"
        assert fake.asked == []


def test_a_password_is_one_way_to_log_in() -> None:
    both = b64encode("ann:pä:ss".encode()).decode()
    with serve_mlflow() as fake:
        fake.login = f"Basic {both}"
        fill(fake)
        api = MlflowApi(fake.url, Login(lambda: "pä:ss", "ann"))

        assert isinstance(find_champion(api, WANTED, 30), Champion)


def test_a_login_that_is_refused_is_no_first_model() -> None:
    with serve_mlflow() as fake:
        fake.login = "Bearer other"
        for token in (None, TOKEN):
            with pytest.raises(PermanentError, match="HTTP 401") as refused:
                find(fake.url, token=token)
            assert "auth:" in str(refused.value.hint)
            assert TOKEN not in f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize("token", [f"{TOKEN}\nX-Other: 1", "", "ünïcode"])
def test_a_token_that_is_none_is_not_sent(token: str) -> None:
    with serve_mlflow() as fake:
        with pytest.raises(PermanentError, match="for MLflow is no token"):
            find(fake.url, token=token)
        assert fake.asked == []


@pytest.mark.parametrize("path", [MODEL, VERSION, FILE])
@pytest.mark.parametrize(
    ("code", "headers", "body", "kind", "why"),
    [
        (404, {}, b"<title>404</title>", PermanentError, "HTTP 404: <title>404"),
        (403, {}, b"Permission denied", PermanentError, "HTTP 403"),
        (403, {}, ABSENT, PermanentError, "HTTP 403"),
        (500, {}, b"{}", TransientError, "HTTP 500"),
        (503, {}, ABSENT, TransientError, "HTTP 503"),
        (302, {"Location": "http://x.test/"}, ABSENT, PermanentError, "redirects to"),
        (503, {}, b"down", TransientError, "HTTP 503: down"),
        (429, {}, b"", TransientError, "HTTP 429"),
        (204, {}, b"", PermanentError, "HTTP 204"),
        (302, {"Location": "http://x.test/"}, b"", PermanentError, "redirects to"),
        (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b", PermanentError, "compresses"),
        (200, {"Content-Length": "999"}, DATA, TransientError, "cannot be reached"),
    ],
)
def test_what_is_no_answer_is_broken_at_every_step(
    path: str,
    code: int,
    headers: dict[str, str],
    body: bytes,
    kind: type[ExternalError],
    why: str,
) -> None:
    with serve_mlflow() as fake:
        fill(fake)
        fake.answers[path] = code, headers, body

        with pytest.raises(kind, match=why):
            find(fake.url, token=TOKEN)


@pytest.mark.parametrize("path", [MODEL, VERSION])
def test_a_page_to_log_in_is_no_answer(path: str) -> None:
    with serve_mlflow() as fake:
        fill(fake)
        fake.answers[path] = 200, {}, b"<html>Log in</html>"

        with pytest.raises(PermanentError, match="no answer of MLflow's") as refused:
            find(fake.url)
        assert refused.value.hint == "does url: lead to an MLflow server?"


def test_a_redirect_leads_no_token_elsewhere() -> None:
    with serve_mlflow() as other, serve_mlflow() as fake:
        fill(other)
        fake.answers[MODEL] = 307, {"Location": f"{other.url}{MODEL}"}, b""
        with pytest.raises(PermanentError, match="which is not followed"):
            find(fake.url, token=TOKEN)
        assert other.asked == []


def test_a_version_that_goes_meanwhile_is_no_first_model() -> None:
    with serve_mlflow() as fake:
        fill(fake)
        fake.answers[VERSION] = 404, {}, ABSENT

        with pytest.raises(PermanentError, match="no version 1 of churn any more"):
            find(fake.url)


@pytest.mark.parametrize(
    ("change", "kind", "why"),
    [
        (Version(None), PermanentError, "names no run"),
        (Version("gone"), PermanentError, "run gone of version 1 of churn has no file"),
        (Version("r", "PENDING_REGISTRATION"), TransientError, "not ready yet"),
        (Version("r", "FAILED_REGISTRATION"), PermanentError, "is FAILED"),
    ],
)
def test_a_version_that_cannot_be_compared_with_is_broken(
    change: Version, kind: type[ExternalError], why: str
) -> None:
    with serve_mlflow() as fake:
        fill(fake)
        fake.versions["churn"] = [change]

        with pytest.raises(kind, match=why):
            find(fake.url)


def test_a_file_that_is_too_long_is_not_read_to_its_end() -> None:
    with serve_mlflow() as fake:
        fill(fake, b"x" * (WANTED.most_bytes + 1))

        with pytest.raises(PermanentError, match="longer than 1 MiB"):
            find(fake.url)


def _drip(script: Script) -> None:
    assert script.request
    script.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(30):
        script.send(b" ")
        time.sleep(0.02)


def _say_nothing(script: Script) -> None:
    assert script.request
    time.sleep(0.5)


@pytest.mark.parametrize("act", [_drip, _say_nothing], ids=["drips", "is silent"])
def test_a_server_that_takes_its_time_is_not_waited_for(
    act: Callable[[Script], None],
) -> None:
    with (
        scripted(act) as server,
        pytest.raises(TransientError, match="no answer of MLflow"),
    ):
        find(server.url, seconds=0.2)


def test_who_is_asked_to_stop_does_not_wait_for_an_answer() -> None:
    def stop() -> None:
        raise Interrupted("asked to stop")

    with scripted(_say_nothing) as server, pytest.raises(Interrupted):
        find_champion(MlflowApi(server.url), WANTED, 60, stop)


def test_nobody_there_may_be_tried_again() -> None:
    with serve_mlflow() as fake:
        url = fake.url

    with pytest.raises(TransientError, match="cannot be reached"):
        find(url)


def test_a_netrc_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"default login ann password {TOKEN}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setattr("sluicegate.adapters.mlflow.api._LOOPBACK", frozenset())
    monkeypatch.setenv("NO_PROXY", "*")
    both = b64encode(f"ann:{TOKEN}".encode()).decode()
    with serve_mlflow() as fake:
        fill(fake)
        fake.login = f"Basic {both}"

        with pytest.raises(PermanentError, match="HTTP 401"):
            find(fake.url)
