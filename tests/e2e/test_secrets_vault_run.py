"""A run whose stages get secrets from a real OpenBao: given, revoked, kept nowhere."""

import base64
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from openbao_service import AUDIENCE, Bao, Issuer, Json, World

_PATH = "ml/prod/registry"
_VALUE = "canary-secret-9f31-registry"
_FILE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  before: {{uses: command, run: 'echo "${{REGISTRY_TOKEN-nothing}}"'}}
  deploy: {{uses: command, run: sh deploy.sh}}
  other: {{uses: command, run: 'echo "$SECOND" | wc -c', needs: [before]}}
secrets:
  providers:
    bao:
      uses: openbao
      address: {address}
      mount: {mount}
      ttl: 15m
      auth:
        method: jwt
        mount: {jwt}
        role: prod
        audience: "{audience}"
        token_file: token
  use:
    REGISTRY_TOKEN:
      {{from: bao, path: ml/prod/registry, field: token, stages: [deploy]}}
    SECOND: {{from: bao, path: ml/prod/registry, field: user, stages: [other]}}
"""
_DEPLOY = """\
echo "length ${#REGISTRY_TOKEN}"
echo "it is $REGISTRY_TOKEN"
printf %s "$REGISTRY_TOKEN" | base64
if [ -e waits ]; then echo waiting; sleep 60; fi
[ ! -e fails ]
"""


@pytest.fixture
def world(bao: Bao, issuer: Issuer) -> World:
    made = bao.world(issuer)
    made.put(_PATH, token=_VALUE, user="canary-user-mona")
    made.allow(_PATH)
    made.role()
    return made


@pytest.fixture
def project(world: World, tmp_path: Path) -> CliProject:
    text = _FILE.format(
        address=world.bao.url, mount=world.mount, jwt=world.jwt, audience=AUDIENCE
    )
    ignored = "token\nwaits\nfails\n.sluicegate\n"
    files = {"sluicegate.yaml": text, "deploy.sh": _DEPLOY, ".gitignore": ignored}
    made = CliProject.make(tmp_path, files)
    (made.folder / "token").write_text(world.issuer.token())
    return made


def _asked(world: World) -> Iterator[Json]:
    """What this test's logins did, by the server's own log; each once."""
    for each in world.bao.audit:
        policies = each.get("auth", {}).get("policies") or ()
        if each["type"] == "response" and world.policy in policies:
            yield each


def _paths(world: World) -> list[str]:
    return [each["request"]["path"] for each in _asked(world)]


def _of(project: CliProject, kind: str) -> list[dict[str, Any]]:
    """The entries of a kind that are about the stage ``deploy``."""
    return [
        each
        for each in project.entries()
        if each["type"] == kind and each["stage"] == "deploy"
    ]


def _is_all_revoked(world: World) -> bool:
    """Whether every login of this test was revoked."""
    made, ended = set(), set()
    for each in _asked(world):
        accessor = each["auth"]["accessor"]
        made.add(accessor)
        if each["request"]["path"] == "auth/token/revoke-self" and "error" not in each:
            ended.add(accessor)
    return bool(made) and made == ended


def test_a_stage_gets_its_secret_by_a_login_of_its_own_that_is_revoked(
    project: CliProject, world: World
) -> None:
    done = project.sluice("run", check=0)
    said = done.stdout + done.stderr
    assert f"length {len(_VALUE)}" in said
    assert "it is ***" in said
    assert "before | nothing" in said
    assert _of(project, "secrets.given")[0]["secrets"] == [
        {
            "variable": "REGISTRY_TOKEN",
            "provider": "bao",
            "kind": "openbao",
            "path": _PATH,
            "field": "token",
            "version": "1",
        }
    ]
    [revoked] = _of(project, "secrets.revoked")
    assert revoked["logins"] == [{"provider": "bao"}]
    # Each of the two stages by its own: login, read, revoke.
    assert sorted(_paths(world)) == sorted(
        2
        * [
            f"auth/{world.jwt}/login",
            f"{world.mount}/data/{_PATH}",
            "auth/token/revoke-self",
        ]
    )
    assert _is_all_revoked(world)


def test_neither_the_secret_nor_what_logs_in_is_left_anywhere(
    project: CliProject,
) -> None:
    done = project.sluice("run", "--json", check=0)
    token = (project.folder / "token").read_text()
    planted = (_VALUE, "canary-user-mona", token, token.split(".")[2])
    forms = [
        form
        for each in planted
        for form in (each.encode(), base64.b64encode(each.encode()))
    ]
    written = [
        path
        for root in (project.folder, project.home)
        for path in root.rglob("*")
        if path.is_file() and path != project.folder / "token"
    ]
    assert len(written) > 20
    for form in forms:
        assert form not in (done.stdout + done.stderr).encode()
        assert [path for path in written if form in path.read_bytes()] == []


def test_a_stage_that_fails_has_its_login_revoked(
    project: CliProject, world: World
) -> None:
    (project.folder / "fails").touch()
    project.sluice("run", check=1)
    assert len(_of(project, "secrets.revoked")) == 1
    assert _is_all_revoked(world)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stage_that_is_stopped_has_its_login_revoked(
    number: signal.Signals, project: CliProject, world: World
) -> None:
    (project.folder / "waits").touch()
    with _waiting(project) as process:
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert _VALUE not in said
    assert _is_all_revoked(world)
    assert len(_of(project, "secrets.revoked")) == 1


def test_a_run_that_was_killed_leaves_a_login_that_runs_out_by_itself(
    project: CliProject, world: World
) -> None:
    """What nobody can revoke any more is why a login is short."""
    (project.folder / "waits").touch()
    with _waiting(project) as process:
        process.kill()
        process.communicate(timeout=60)
    logins = [each for each in _asked(world) if "/login" in each["request"]["path"]]
    assert {each["auth"]["token_ttl"] for each in logins} == {900}
    assert not _is_all_revoked(world)
    (project.folder / "waits").unlink()
    done = project.sluice("resume", check=0)
    assert "it is ***" in done.stdout  # fetched anew, by a login of its own
    again = [each for each in _paths(world) if "/login" in each]
    assert len(again) > len(logins)


def test_a_login_that_is_refused_breaks_the_stage_and_runs_nothing(
    project: CliProject, issuer: Issuer
) -> None:
    wrong = issuer.token(environment="staging")
    (project.folder / "token").write_text(wrong)
    done = project.sluice("run", check=4)
    assert "claim environment is staging" in done.stdout
    assert "length" not in done.stdout
    assert _of(project, "secrets.given") == []
    log = json.dumps(project.entries())
    assert wrong.split(".")[2] not in log


@contextmanager
def _waiting(project: CliProject) -> "Iterator[subprocess.Popen[str]]":
    """A run whose stage has its secret, and waits."""
    with project.start("run") as process:
        assert process.stdout is not None
        assert any("waiting" in line for line in process.stdout), "it has ended"
        try:
            yield process
        finally:
            process.kill()
