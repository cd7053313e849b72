"""Unit tests of `sluicegate.wiring.project`."""

import subprocess
from pathlib import Path

import pytest

from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project


def origin(folder: Path, remote: str) -> str:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "begin")
    git("remote", "add", "origin", remote)
    return Project(Machine(), folder / "sluicegate.yaml").origin


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("https://jane:pw@git.example.org:8080/acme/churn.git", "churn"),
        ("git@git.example.org:acme/churn.git", "churn"),
        ("/home/jane/churn.git", "churn"),
        ("file:///home/jane/churn", "churn"),
        ("../jane/churn.git", "churn"),
        ("~jane/churn", "churn"),
    ],
)
def test_the_name_of_a_log_names_no_person(
    tmp_path: Path, remote: str, name: str
) -> None:
    found = origin(tmp_path, remote)

    assert found.endswith(f"/{name}")
    assert "jane" not in found
