"""A training as a stage: a real program, its metrics, its model, and other jobs."""

import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject, clean_environment
from click.testing import CliRunner

from sluicegate.cli import main

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
pools: {gpu: 1}
stages:
  train:
    uses: train
    run: sh train.sh
    inputs: [train.sh, data.txt]
    model: [model]
    metrics: {file: metrics.json, fields: {loss: number}}
    pools: {gpu: 1}
    retries: {count: 1, backoff: 1ms}
    gate: [train.loss <= 0.03]
  modelscan:
    uses: modelscan
    paths: [model]
    gate: [modelscan.content == train.content]
"""
TRAIN = """\
echo run >>../ran
mkdir -p model
printf '{"weights": [%s]}' "$(cat data.txt)" >model/weights.json
echo '{"loss": 0.02}' >"$SLUICEGATE_OUTPUT/metrics.json"
"""


class Here(CliProject):
    """The same project, whose commands are called in this process."""

    def run(self, *options: str, check: int = 0) -> dict[str, Any]:
        """What a run says as JSON."""
        arguments: Sequence[str] = ("run", "--json", *options)
        environ = clean_environment(self.home, **self.environ)
        others = dict.fromkeys(set(os.environ) - set(environ))
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(main, arguments, env={**others, **environ})
        assert done.exit_code == check, done.output
        document: dict[str, Any] = json.loads(done.stdout or "{}")
        return document

    def stages(self, *options: str, check: int = 0) -> dict[str, dict[str, Any]]:
        found = self.run(*options, check=check)["stages"]
        return {str(each["name"]): each for each in found}

    @property
    def weights(self) -> Path:
        return self.folder / "model" / "weights.json"

    @property
    def trained(self) -> int:
        """How often the training has run."""
        return len((self.folder.parent / "ran").read_text().splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Here:
    files = {
        "sluicegate.yaml": PIPELINE,
        "train.sh": TRAIN,
        "data.txt": "1, 2",
        ".gitignore": "model/\n",
    }
    made = CliProject.make(tmp_path, files)
    return Here(made.folder, made.home)


def test_a_model_is_trained_once_and_given_back_byte_for_byte(project: Here) -> None:
    first = project.stages()
    made = project.weights.read_bytes()
    shutil.rmtree(project.folder / "model")
    again = project.stages()
    assert project.weights.read_bytes() == made == b'{"weights": [1, 2]}'
    assert project.trained == 1
    stray = project.weights.with_name("stray.json")
    stray.write_text("{}")
    broken = project.stages(check=4)

    assert first["train"]["evidence"]["loss"] == 0.02
    assert first["train"]["evidence"]["wall_seconds"] > 0
    assert first["train"]["evidence"]["peak_memory_bytes"] > 0
    assert [each["cached"] for each in again.values()] == [True, True]
    assert "stray.json was there before" in broken["train"]["reason"]
    assert project.trained == 3  # once, and twice in vain


def test_a_training_that_fails_is_tried_again_and_one_that_is_bad_is_not(
    project: Here,
) -> None:
    bad = TRAIN.replace("0.02", "0.2")
    project.commit({"train.sh": f'{bad}[ "$(wc -l <../ran)" -gt 1 ]\n'}, "mend it")

    closed = project.stages(check=1)

    assert project.trained == 2
    assert closed["train"]["verdict"] == "closed"
    assert "train.loss <= 0.03: it is 0.2" in closed["train"]["reason"]


def test_another_job_has_the_very_model_or_does_not_run(
    project: Here, tmp_path: Path
) -> None:
    other = Here(tmp_path / "other", tmp_path / "other-home")
    other.home.mkdir()
    project.git("clone", "-q", str(project.folder), str(other.folder))
    made = ("--no-record", "--only", "train", "--hand-over", str(tmp_path / "out"))
    digest = project.run(*made)["hand_over"]["digest"]

    taken = ("--handed-over", f"{tmp_path / 'out'}={digest}=train")
    scan = ("--no-record", "--only", "modelscan")
    more = ("--hand-over", str(tmp_path / "scanned"))
    other.run(*scan, *more, check=2)  # it would scan whatever lies there
    found = other.stages(*scan, *taken, *more)

    assert found["modelscan"]["verdict"] == "open"
    assert other.weights.read_bytes() == project.weights.read_bytes()
