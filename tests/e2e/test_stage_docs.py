"""The documents of a model as a user has them judged: here, again, and by others."""

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject, clean_environment
from click.testing import CliRunner

from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.cli import main
from sluicegate.model.digest import Digest

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  evaluate:
    uses: command
    run: cp measured.json $SLUICEGATE_OUTPUT/measured.json
    evidence: {file: measured.json, fields: {accuracy: number}}
  modelscan: {uses: modelscan, paths: [model]}
  docs:
    uses: docs
    metrics: {accuracy: evaluate.accuracy}
    model: {paths: [model], content: modelscan.content}
audit: {store: "dir:kept/audit"}
"""
CARD = """\
---
license: apache-2.0
metrics: {accuracy: 0.871}
---
# Churn

- **Owner:** ann@example.com

## Intended use and limitations
Ranks customers in the EU, but for those who are new.

## Training data and evaluation results
All customers of October, split by month of birth.
"""


class Here(CliProject):
    """A project whose commands are called in this process."""

    def run(self, *options: str, check: int = 0) -> dict[str, Any]:
        """What a run says as JSON, with its stages by name."""
        arguments: Sequence[str] = ("run", "--json", *options)
        environ = clean_environment(self.home, **self.environ)
        others = dict.fromkeys(set(os.environ) - set(environ))
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(main, arguments, env={**others, **environ})
        assert done.exit_code == check, done.output
        document: dict[str, Any] = json.loads(done.stdout)
        return document | {each["name"]: each for each in document["stages"]}


FILES = {
    "sluicegate.yaml": PIPELINE,
    "model/model.json": '{"weights": [1, 2]}',
    "measured.json": '{"accuracy": 0.871235}',
    "MODEL_CARD.md": CARD,
    ".gitignore": "kept\n.sluicegate\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Here:
    made = CliProject.make(tmp_path, FILES)
    return Here(made.folder, made.home)


def test_the_cards_numbers_are_held_against_this_very_run(project: Here) -> None:
    first = project.run()
    fields = first["docs"]["evidence"]
    assert (fields["stated_accuracy"], fields["mlbom_gaps"]) == (0.871, 0)
    kept = EvidenceDirectory(project.folder / "kept" / "evidence")
    bill = json.loads(kept.load(Digest.parse(fields["mlbom"])))
    assert bill["specVersion"] == "1.6"

    # The card is as it was, but the model is another one: nothing of it is reused.
    project.commit({"measured.json": '{"accuracy": 0.917}'}, "a new model")
    reason = project.run(check=1)["docs"]["reason"]
    assert "accuracy is 0.871 at MODEL_CARD.md:3, and evaluate.accuracy is 0.917" in (
        reason
    )


def test_whoever_takes_the_stage_over_judges_the_same(
    project: Here, tmp_path: Path
) -> None:
    folder = tmp_path / "handed"
    said = project.run("--no-record", "--hand-over", str(folder))
    digest = said["hand_over"]["digest"]
    handed = ("--handed-over", f"{folder}={digest}=evaluate,modelscan,docs")

    taken = project.run(*handed)
    assert taken["docs"]["handed_over"]["digest"] == digest
    assert taken["docs"]["evidence"] == said["docs"]["evidence"]
