"""Names on the engine, and what its errors mean."""

import gc

import docker
import pytest
from docker.errors import APIError
from hypothesis import given
from hypothesis import strategies as st
from requests import Response
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from sluicegate.adapters.targets.docker_engine import Place, connect, engine_errors
from sluicegate.errors import ExternalError, PermanentError, TransientError


def refusal(status: int, explanation: str = "no") -> APIError:
    response = Response()
    response.status_code = status
    return APIError("refused", response=response, explanation=explanation)


@given(st.text(), st.text())
def test_every_name_fits_into_a_dns_label_with_a_release(a: str, b: str) -> None:
    name = f"{Place(a, b).name}-{'0' * 12}"
    assert len(name) <= 63
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert "--" not in name


def test_environments_that_look_alike_have_different_names() -> None:
    names = {Place(*pair).name for pair in (("a-b", "c"), ("a", "b-c"), ("A-B", "c"))}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refusal(500), TransientError),
        (refusal(409), TransientError),
        (refusal(404), PermanentError),
        (refusal(500, "Bind: port is already allocated"), PermanentError),
        (NoConnection("refused"), TransientError),
        (ReadTimeout("slow"), TransientError),
        (docker.errors.DockerException("odd"), TransientError),
    ],
)
def test_an_error_of_the_engine_is_one_the_port_names(
    error: Exception, kind: type[ExternalError]
) -> None:
    with pytest.raises(kind, match="failed to dance"), engine_errors("dance"):
        raise error


def test_a_taken_port_says_which_setting_to_change() -> None:
    with pytest.raises(PermanentError) as caught, engine_errors("start"):
        raise refusal(500, "listen tcp4 127.0.0.1:80: bind: address already in use")
    assert "publish" in str(caught.value.hint)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_an_engine_the_message_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(PermanentError, match="no Docker engine answers") as caught:
        connect()
    assert "systemctl start docker" in str(caught.value.hint)
    del caught
    gc.collect()  # docker-py leaves the socket open; not in the next test's hands
