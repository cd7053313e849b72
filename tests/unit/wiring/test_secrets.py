"""Unit tests of `sluicegate.wiring.secrets`, and of what programs see of a machine."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.command import Command
from sluicegate.model.secret import Purpose
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.secrets import ProjectSecrets
from sluicegate.wiring.surroundings import Surroundings

TOKEN = "a-token-of-a-test"  # noqa: S105 - a made-up one
PURPOSE = Purpose("p_r_v1.0", "R", "build")
HERE = {"from": "here", "path": "KEPT_TOKEN", "stages": ["build"]}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def commit(folder: Path, files: dict[str, str]) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    for name, content in files.items():
        (folder / name).write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


def text(secrets: dict[str, object] | None) -> str:
    return json.dumps(
        {
            "schema": "sluicegate/v1",
            "name": "p_r_v1.0",
            "stages": {
                "build": {"uses": "command", "run": "true"},
                "image": {"uses": "docker-build", "image": "x"},
                "roll": {"uses": "canary", "environment": "production"},
            },
            "environments": {
                "production": {"target": {"uses": "docker", "port": 8000}}
            },
            **({} if secrets is None else {"secrets": secrets}),
        }
    )


def secrets(**uses: object) -> dict[str, object]:
    return {"providers": {"here": {"uses": "environment"}}, "use": uses}


def project(folder: Path, said: dict[str, object] | None, **environ: str) -> Project:
    folder.mkdir(exist_ok=True)
    commit(folder, {"sluicegate.yaml": text(said)})
    here = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **environ}
    return Project(Machine(environ=here), folder / "sluicegate.yaml")


def seen(machine: Machine) -> str:
    command = Command(("env",), "/", timedelta(seconds=20))
    return machine.process.run(command, lambda _line: None).stdout.decode()


def test_a_provider_is_built_once_and_gives_what_the_machine_has(
    tmp_path: Path,
) -> None:
    made = project(tmp_path / "p", secrets(TOKEN=HERE), KEPT_TOKEN=TOKEN)
    kept = ProjectSecrets(made)

    assert kept.provider("here") is kept.provider("here")
    login = kept.provider("here").login(PURPOSE)
    assert login.fetch("KEPT_TOKEN", None, None).value == TOKEN


def test_a_provider_that_cannot_be_used_here_is_an_error_of_its_stage(
    tmp_path: Path,
) -> None:
    bao = {
        "uses": "openbao",
        "address": "https://bao.example",
        "ca": "nothing-here.pem",
        "auth": {"method": "jwt", "role": "r"},
    }
    use = {"from": "bao", "path": "p", "field": "f", "stages": ["build"]}
    said = {"providers": {"bao": bao}, "use": {"TOKEN": use}}

    with pytest.raises(PermanentError):
        ProjectSecrets(project(tmp_path / "p", said)).provider("bao")


def test_no_program_sees_what_the_pipeline_file_names_once_it_is_read(
    tmp_path: Path,
) -> None:
    made = project(
        tmp_path / "p",
        secrets(TOKEN=HERE),
        KEPT_TOKEN=TOKEN,
        TOKEN="stands in",  # noqa: S106 - no secret
        OTHER="is nobody's business",
    )
    runner = made.machine.process
    assert TOKEN in seen(made.machine)

    assert made.pipeline.secrets.use

    assert made.machine.process is runner  # whoever holds it is served, too
    assert TOKEN not in seen(made.machine)
    assert "stands in" not in seen(made.machine)
    assert "OTHER=is nobody's business" in seen(made.machine)
    assert made.machine.environ["KEPT_TOKEN"] == TOKEN
    assert made.machine.environ_without({"OTHER"}).keys() == {"PATH", "HOME"}


def test_a_branch_that_drops_a_secret_does_not_get_it_as_a_variable(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "p"
    project(folder, secrets(TOKEN=HERE))
    git(folder, "checkout", "-q", "-b", "mine")
    made = project(folder, None, KEPT_TOKEN=TOKEN)
    surroundings = Surroundings(made, ProjectLog(made))

    assert {"TOKEN", "KEPT_TOKEN"} <= surroundings.secrets.withheld
    command = Command(("env",), "/", timedelta(seconds=20))
    said = surroundings.process.run(command, lambda _line: None).stdout.decode()
    assert "KEPT_TOKEN" not in said


@pytest.mark.parametrize("more", [{}, {"stages": ["build", "image"]}])
def test_what_is_for_an_environment_counts_as_the_protected_branch_has_it(
    tmp_path: Path, more: dict[str, object]
) -> None:
    limited = {**HERE, "environments": ["production"]}
    folder = tmp_path / "p"
    project(folder, secrets(TOKEN=limited))
    git(folder, "checkout", "-q", "-b", "mine")
    made = project(folder, secrets(TOKEN={**limited, **more}))

    refused = ProjectSecrets(made).refused()

    assert set(refused) == {"KEPT_TOKEN", *(["TOKEN"] if more else [])}


def test_a_program_that_moves_the_protected_branch_gets_no_more_by_that(
    tmp_path: Path,
) -> None:
    limited = {**HERE, "environments": ["production"]}
    folder = tmp_path / "p"
    project(folder, secrets(TOKEN=limited))
    git(folder, "checkout", "-q", "-b", "mine")
    made = project(folder, secrets(TOKEN=HERE))
    surroundings = Surroundings(made, ProjectLog(made))
    move = Command(
        ("git", "update-ref", "refs/heads/main", "HEAD"),
        str(folder),
        timedelta(seconds=20),
    )

    surroundings.process.run(move, lambda _line: None)

    assert "TOKEN" in surroundings.secrets.refused()


def test_a_secret_id_of_the_protected_branch_is_sent_to_no_other_server(
    tmp_path: Path,
) -> None:
    def vault(address: str) -> dict[str, object]:
        auth = {"method": "approle", "role_id": "r", "secret_id_env": "KEPT_TOKEN"}
        provider = {"uses": "vault", "address": address, "auth": auth}
        use = {"X": {"from": "v", "path": "a", "stages": ["build"]}}
        return {"providers": {"v": provider}, "use": use}

    folder = tmp_path / "p"
    project(folder, vault("https://vault.acme.example"))
    git(folder, "checkout", "-q", "-b", "mine")
    made = project(folder, vault("https://evil.example"), KEPT_TOKEN=TOKEN)

    with pytest.raises(PermanentError, match="KEPT_TOKEN is not sent to it"):
        ProjectSecrets(made).provider("v")


def test_a_protected_branch_that_cannot_be_read_lets_nothing_pass(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    commit(folder, {"sluicegate.yaml": "schema: [broken"})
    git(folder, "checkout", "-q", "-b", "mine")
    made = project(folder, secrets(TOKEN=HERE))

    ports = Surroundings(made, ProjectLog(made)).ports_to_look()

    with pytest.raises(UsageError, match="main"):
        ports.refused_secrets()
    assert "TOKEN" in ProjectSecrets(made).withheld


def test_what_is_fetched_is_hidden_by_whatever_hides(tmp_path: Path) -> None:
    made = project(tmp_path / "p", secrets(TOKEN=HERE), KEPT_TOKEN=TOKEN)
    surroundings = Surroundings(made, ProjectLog(made))
    ports = surroundings.ports_to_look()

    ports.hide(["fetched-just-now"])

    assert surroundings.masks.text(f"{TOKEN} fetched-just-now") == "*** ***"


def test_nobody_is_asked_to_look(tmp_path: Path) -> None:
    made = project(tmp_path / "p", secrets(TOKEN=HERE))
    ports = Surroundings(made, ProjectLog(made)).ports_to_look()

    with pytest.raises(ExternalError, match="KEPT_TOKEN is not set"):
        ports.secrets("here").login(PURPOSE).fetch("KEPT_TOKEN", None, None)


LOOK = """
import ctypes, os
from sluicegate.wiring.machine import Machine

system = ctypes.CDLL(None)
machine = Machine()
print(system.prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
machine.withhold({"KEPT_TOKEN", "not there"})
print(system.prctl(3, 0, 0, 0, 0))
print(b"a-token" in open("/proc/self/environ", "rb").read())
print(machine.environ["KEPT_TOKEN"], Machine().environ["KEPT_TOKEN"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_programs_of_the_same_user_find_nothing_in_the_process_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, "KEPT_TOKEN": TOKEN},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.split() == ["1", "0", "False", TOKEN, TOKEN]
