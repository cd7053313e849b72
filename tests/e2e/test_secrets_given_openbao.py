"""Secrets of a real OpenBao, given to the stages of a run."""

import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from cli_project import CliProject
from openbao_service import AUDIENCE, AnsweredNoError, Bao, Issuer, World

VALUE, SECOND = "canary-secret-9f31-registry", "canary-secret-77aa-database"
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
secrets:
  providers:
    bao:
      uses: openbao
      address: {address}
      mount: {mount}
      auth: {{method: jwt, mount: {jwt}, role: prod, audience: "{audience}",
             token_file: ../token}}
  use:
    REGISTRY:
      {{from: bao, path: ml/prod/registry, field: token, stages: [build, again]}}
    DATABASE: {{from: bao, path: ml/prod/db, stages: [build]}}
stages:
  lint: {{uses: command, run: sh look.sh}}
  build: {{uses: command, run: sh look.sh, timeout: 5m}}
  again: {{uses: command, run: sh look.sh}}
"""
LOOK = """\
test "$REGISTRY" = canary-secret-9f31-registry && echo registry
test "$DATABASE" = canary-secret-77aa-database && echo database
env | grep -c 'BAO\\|VAULT\\|eyJ'
if [ -e wait ] && [ -n "$DATABASE" ]; then echo waiting; sleep 60; fi
exit 0
"""


@pytest.fixture
def world(bao: Bao, issuer: Issuer) -> World:
    made = bao.world(issuer)
    made.put("ml/prod/registry", token="an older one", user="mona")  # noqa: S106
    made.put("ml/prod/registry", token=VALUE, user="mona")
    made.put("ml/prod/db", url=SECOND)
    made.allow("ml/prod/registry", "ml/prod/db")
    made.role()
    return made


@pytest.fixture
def project(world: World, tmp_path_factory: pytest.TempPathFactory) -> CliProject:
    root = tmp_path_factory.mktemp("given")
    text = PIPELINE.format(
        address=world.bao.url, mount=world.mount, jwt=world.jwt, audience=AUDIENCE
    )
    files = {
        "sluicegate.yaml": text,
        "look.sh": LOOK,
        ".gitignore": "wait\n.sluicegate\n",
    }
    made = CliProject.make(root, files)
    (root / "token").write_text(world.issuer.token())
    made.environ = {"VAULT_TOKEN": world.bao.root}
    return made


def entries(project: CliProject, kind: str) -> list[dict[str, Any]]:
    return [each for each in project.entries() if each["type"] == kind]


def alive(world: World) -> Iterator[str]:
    """The logins by this world's way that the server still knows."""
    for accessor in world.call("LIST", "auth/token/accessors")["data"]["keys"]:
        try:
            found = world.call(
                "POST", "auth/token/lookup-accessor", {"accessor": accessor}
            )
        except AnsweredNoError:
            continue
        if found["data"]["path"] == f"auth/{world.jwt}/login":
            yield accessor


def test_stages_get_their_secrets_and_every_login_is_revoked(
    project: CliProject, world: World
) -> None:
    done = project.sluice("run", check=0)

    lines = [x for x in done.stdout.splitlines() if " | " in x]
    assert lines == [
        "  lint | 0",
        *("  build | registry", "  build | database", "  build | 0"),
        *("  again | registry", "  again | 0"),
    ]
    given = {
        each["stage"]: each["secrets"] for each in entries(project, "secrets.given")
    }
    assert given["build"] == [
        {"variable": "REGISTRY", "provider": "bao", "kind": "openbao",
         "path": "ml/prod/registry", "field": "token", "version": "2"},
        {"variable": "DATABASE", "provider": "bao", "kind": "openbao",
         "path": "ml/prod/db", "version": "1"},
    ]  # fmt: skip
    assert [each["variable"] for each in given["again"]] == ["REGISTRY"]
    ended = [each["logins"] for each in entries(project, "secrets.revoked")]
    assert ended == [[{"provider": "bao"}]] * 2
    assert list(alive(world)) == []
    for secret in (
        VALUE,
        SECOND,
        "mona",
        (project.folder.parent / "token").read_text(),
    ):
        assert secret not in done.stdout + done.stderr
        assert secret not in str(project.entries())


def test_a_secret_that_the_server_keeps_back_breaks_the_stage_alone(
    project: CliProject, world: World
) -> None:
    world.allow("ml/prod/registry")

    done = project.sluice("run", check=4)

    assert "build: broken" in done.stdout
    assert "ml/prod/db" in done.stdout
    assert "  build | " not in done.stdout
    assert entries(project, "secrets.given") == []
    assert list(alive(world)) == []


def test_a_stage_that_fails_leaves_no_login_behind(
    project: CliProject, world: World
) -> None:
    project.commit({"look.sh": "exit 3\n"}, "fail")
    text = (project.folder / "sluicegate.yaml").read_text()
    only = text.replace("  lint: {uses: command, run: sh look.sh}\n", "")
    project.commit({"sluicegate.yaml": only}, "begin with it")

    project.sluice("run", check=1)

    assert len(entries(project, "secrets.revoked")) == 1
    assert list(alive(world)) == []


def test_a_stop_revokes_the_login(project: CliProject, world: World) -> None:
    (project.folder / "wait").touch()
    with project.start("run") as process:
        wait_for("waiting", process)
        assert len(list(alive(world))) == 1
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode == 130
    assert list(alive(world)) == []
    assert entries(project, "secrets.revoked")[0]["logins"] == [{"provider": "bao"}]


def test_a_login_that_cannot_be_revoked_is_told_and_fails_nothing(
    project: CliProject, world: World
) -> None:
    (project.folder / "wait").touch()
    with project.start("run") as process:
        wait_for("waiting", process)
        world.bao.seal()
        try:
            (project.folder / "wait").unlink()
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            world.bao.unseal()

    assert process.returncode == 130
    assert "the login to bao is not revoked" in said
    ((ended,),) = [e["logins"] for e in entries(project, "secrets.revoked")]
    assert ended["problem"]


def wait_for(line: str, process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for each in process.stdout:
        if line in each:
            return
    raise AssertionError(f"it has ended without {line!r}")
