import json
import os
from pathlib import Path

import pytest

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.demo.load import read_bodies
from sluicegate.demo.project import CHANGES, DemoProject, run_checked
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.stages.stage import parse_duration


@pytest.fixture
def process() -> SubprocessRunner:
    return SubprocessRunner(StopRequest(), os.environ)


def git(process: SubprocessRunner, folder: Path, *arguments: str) -> list[str]:
    command = Command(("git", *arguments), str(folder), parse_duration("10s"))
    return run_checked(process, command).decode().splitlines()


def test_every_release_is_a_commit_with_a_model_of_its_own(
    tmp_path: Path, process: SubprocessRunner
) -> None:
    project = DemoProject(tmp_path / "penguins", process)
    project.create("name: x\n")
    models, accuracies = [], []
    for change in CHANGES:
        models.append(project.commit(change))
        accuracies.append(project.model()[1])
    folder = project.path
    assert len(set(models)) == len(CHANGES)
    assert accuracies == sorted(accuracies)
    assert accuracies[0] < accuracies[-1]  # the bad release looks best on paper
    assert git(process, folder, "status", "--porcelain") == []
    assert git(process, folder, "tag") == ["v1", "v2", "v3"]
    assert set(git(process, folder, "log", "--format=%an <%ae>")) == {
        "Sluicegate Demo <demo@sluicegate.invalid>"
    }
    assert (folder / "sluicegate.yaml").read_text() == "name: x\n"


def test_users_say_what_no_data_does(tmp_path: Path) -> None:
    project = DemoProject(
        tmp_path / "penguins", SubprocessRunner(StopRequest(), os.environ)
    )
    project.create("")
    birds = [
        json.loads(body) for body in read_bodies(project.path / "data" / "penguins.csv")
    ]
    assert len(birds) == 342
    assert sum(bird["sex"] == "unknown" for bird in birds) == 9
    assert all("species" not in bird for bird in birds)


def test_a_program_that_fails_is_an_error_that_says_what_it_said(
    tmp_path: Path, process: SubprocessRunner
) -> None:
    with pytest.raises(PermanentError, match="not a git repository"):
        git(process, tmp_path, "-C", "/", "status")
