"""The token of whoever runs: asked of GitHub Actions, or read from a file."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openbao_service import ActionsPlatform, Issuer, actions_platform
from scripted_server import answer, scripted

from sluicegate.adapters.secrets.oidc import identity_reader, show_claims
from sluicegate.audit.redaction import Redactor
from sluicegate.errors import ExternalError, PermanentError, TransientError

_REQUEST = "the-job-s-own-request-token"


@pytest.fixture
def platform(issuer: Issuer) -> Iterator[ActionsPlatform]:
    with actions_platform(issuer) as made:
        yield made


def _job(url: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": _REQUEST,
    }


def test_a_job_gets_a_token_for_the_audience_and_hides_it_first(
    platform: ActionsPlatform,
) -> None:
    hidden: list[str] = []
    read = identity_reader(
        platform.environ, "https://bao.acme.example/?a=b&c", hide=hidden.extend
    )
    assert platform.audiences == []  # nothing is asked before it is wanted
    token = read()
    assert show_claims(token)["aud"] == "https://bao.acme.example/?a=b&c"
    assert hidden == [token]
    read()
    assert len(platform.audiences) == 2  # each time a fresh one


def test_a_wrong_request_token_is_refused_and_not_shown(
    platform: ActionsPlatform,
) -> None:
    wrong = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "not-the-one-it-knows"}
    with pytest.raises(PermanentError, match="HTTP 401") as error:
        identity_reader(platform.environ | wrong, "a")()
    assert "not-the-one" not in f"{error.value} {error.value.hint}"


def test_outside_of_actions_the_way_out_is_named() -> None:
    with pytest.raises(PermanentError, match="not run in GitHub Actions") as error:
        identity_reader({}, "a")()
    assert "token_file" in (error.value.hint or "")


def test_a_job_without_the_permission_is_told_what_to_write() -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}
    with pytest.raises(PermanentError, match="may not ask GitHub") as error:
        identity_reader(environ, "a")()
    assert "`permissions: {contents: read, id-token: write}`" in str(error.value.hint)
    assert "job that calls it" in str(error.value.hint)


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_the_log_keeps_what_to_write(event: str) -> None:
    """Its permission is called id-token, which looks like the name of a secret."""
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event}
    with pytest.raises(PermanentError) as error:
        identity_reader(environ, "a")()
    text = f"{error.value} -- {error.value.hint}"
    assert Redactor().text(text) == text
    assert "id-token: write" in text


def test_a_pull_request_from_a_fork_is_told_that_it_never_may() -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
    with pytest.raises(PermanentError, match="from a fork never may") as error:
        identity_reader(environ, "a")()
    assert "limit the secret to stages or environments" in str(error.value.hint)


@pytest.mark.parametrize(
    "url", ["http://evil.example/x", "ftp://x", "no address", "//x/y", "https://[x"]
)
def test_the_request_token_goes_nowhere_unencrypted(url: str) -> None:
    with pytest.raises(PermanentError, match="not what GitHub Actions sets"):
        identity_reader(_job(url), "a")()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((each, TransientError) for each in (429, 500, 503)),
        *((each, PermanentError) for each in (302, 400, 403)),
    ],
)
def test_a_status_says_whether_another_try_helps(
    status: int, kind: type[ExternalError]
) -> None:
    elsewhere = answer(status, b"", "Location: http://127.0.0.1:9/x")
    with scripted(elsewhere) as server, pytest.raises(kind, match=f"HTTP {status}"):
        identity_reader(_job(server.url), "a")()


def test_nobody_there_is_worth_another_try() -> None:
    with scripted(answer(200, b"")) as server:
        url = server.url
    with pytest.raises(TransientError, match="gave no OIDC token"):
        identity_reader(_job(url), "a")()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"value": 5}', b'{"value": "x"}', b"[" * 99_999]
)
def test_an_answer_without_a_token_is_none(body: bytes) -> None:
    with scripted(answer(200, body)) as server, pytest.raises(PermanentError):
        identity_reader(_job(server.url), "a")()


def test_a_file_is_read_anew_each_time(tmp_path: Path, issuer: Issuer) -> None:
    path, first, second = tmp_path / "t", issuer.token(), issuer.token(run_id="2")
    hidden: list[str] = []
    read = identity_reader({}, "a", path, hide=hidden.extend)
    path.write_text(f"{first}\n")
    assert read() == first
    path.write_text(second)
    assert read() == second
    assert hidden == [first, second]


@pytest.mark.parametrize(
    "data", [b"", b"a.b", b"a b c", b"\xff.\xff.\xff", b"a" * 99_999]
)
def test_a_file_without_a_token_is_refused_and_not_shown(
    data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "t"
    path.write_bytes(data)
    with pytest.raises(PermanentError, match="holds no JWT"):
        identity_reader({}, "a", path)()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="No such file"):
        identity_reader({}, "a", tmp_path / "t")()


def test_claims_are_those_worth_a_message(issuer: Issuer) -> None:
    found = show_claims(issuer.token(environment="a\x1b[31m\nb", actor="mona"))
    assert found["environment"] == "a [31m b"
    assert "actor" not in found


@given(st.text() | st.builds("{}.{}.{}".format, st.text(), st.text(), st.text()))
def test_no_text_breaks_reading_its_claims(text: str) -> None:
    assert all(isinstance(value, str) for value in show_claims(text).values())


def test_claims_that_are_no_object_are_none() -> None:
    for claims in (b"[]", b"null", b"5"):
        body = base64.urlsafe_b64encode(claims).decode()
        assert show_claims(f"a.{body}.c") == {}
