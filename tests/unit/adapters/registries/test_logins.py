"""Unit tests of `sluicegate.adapters.registries.logins`, with helpers that are run."""

import json
import os
import stat
import threading
from base64 import b64encode
from pathlib import Path

import pytest

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.registries.logins import DockerLogins, Login
from sluicegate.errors import PermanentError

HOST = "registry.example:5000"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def find(config: Path, settings: object, host: str = HOST) -> Login | None:
    (config / "config.json").write_text(json.dumps(settings))
    runner = SubprocessRunner(threading.Event(), dict(os.environ))
    return DockerLogins(str(config), runner).find(host)


def helper(config: Path, body: str) -> None:
    path = config / "docker-credential-mine"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def auth(login: str) -> dict[str, str]:
    return {"auth": b64encode(login.encode()).decode()}


def test_a_login_is_read_from_dockers_configuration(config: Path) -> None:
    settings = {"auths": {HOST: auth("alice:pass:word")}}

    assert find(config, settings) == Login("alice", "pass:word")
    assert find(config, settings, "other.example") is None


def test_an_identity_token_has_no_user(config: Path) -> None:
    settings = {"auths": {HOST: {"identitytoken": "tok"}}}

    assert find(config, settings) == Login(None, "tok")


def test_docker_hub_is_known_by_its_old_address(config: Path) -> None:
    settings = {"auths": {"https://index.docker.io/v1/": auth("alice:pw")}}

    assert find(config, settings, "docker.io") == Login("alice", "pw")


@pytest.mark.parametrize("settings", [{}, {"auths": {}}, {"auths": {HOST: {}}}])
def test_where_nobody_logged_in_there_is_no_login(
    config: Path, settings: object
) -> None:
    assert find(config, settings) is None


def test_without_a_configuration_there_is_no_login(config: Path) -> None:
    runner = SubprocessRunner(threading.Event(), dict(os.environ))

    assert DockerLogins(str(config), runner).find(HOST) is None


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_a_helper_is_asked_for_the_host_on_its_input(config: Path, key: str) -> None:
    helper(config, f'echo "$1 $(cat)" > {config}/asked; cat {config}/answer')
    answer = {"ServerURL": HOST, "Username": "alice", "Secret": 'p"w$'}
    (config / "answer").write_text(json.dumps(answer))
    settings = {key: "mine" if key == "credsStore" else {HOST: "mine"}}

    assert find(config, settings) == Login("alice", 'p"w$')
    assert (config / "asked").read_text() == f"get {HOST}\n"


def test_a_helper_may_answer_with_an_identity_token(config: Path) -> None:
    helper(config, """echo '{"Username": "<token>", "Secret": "tok"}'""")

    assert find(config, {"credsStore": "mine"}) == Login(None, "tok")


@pytest.mark.parametrize(
    "body",
    [
        "echo credentials not found in native keychain; exit 1",
        """echo '{"Username": "", "Secret": ""}'""",
    ],
)
def test_what_the_helper_does_not_know_may_be_in_the_file(
    config: Path, body: str
) -> None:
    helper(config, body)

    assert find(config, {"credsStore": "mine"}) is None
    settings = {"credsStore": "mine", "auths": {HOST: auth("alice:pw")}}
    assert find(config, settings) == Login("alice", "pw")


@pytest.mark.parametrize(
    "body",
    [
        "echo hunter2; echo hunter2 >&2; exit 1",
        "echo hunter2",
        """echo '{"Username": "hunter2"}'""",
        """echo '["hunter2"]'""",
        "kill -9 $$",
    ],
)
def test_a_helper_that_fails_is_not_quoted(
    config: Path, body: str, capfd: pytest.CaptureFixture[str]
) -> None:
    helper(config, body)

    with pytest.raises(PermanentError) as failed:
        find(config, {"credHelpers": {HOST: "mine"}})

    assert HOST in str(failed.value)
    assert "hunter2" not in f"{failed.value} {failed.value.hint}"
    assert failed.value.__cause__ is None
    assert capfd.readouterr() == ("", "")


def test_a_helper_that_is_not_installed_is_an_error(config: Path) -> None:
    with pytest.raises(PermanentError, match="cannot be read"):
        find(config, {"credHelpers": {HOST: "nowhere"}})


@pytest.mark.parametrize("entry", [{"auth": "!!!"}, auth("without a colon"), 5])
def test_a_configuration_that_is_none_is_an_error(config: Path, entry: object) -> None:
    with pytest.raises(PermanentError, match="cannot be read"):
        find(config, {"auths": {HOST: entry}})


def test_a_login_does_not_show_its_secret() -> None:
    assert "hunter2" not in repr(Login("alice", "hunter2"))
