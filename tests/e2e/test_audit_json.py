"""The documents of ``sluice audit ... --json`` have the keys that the page tells."""

import json
import re
from pathlib import Path

import pytest
from cli_project import CliProject

PAGE = Path(__file__).parents[2] / "docs/reference/audit-json.md"
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  make: {uses: command, run: "echo made"}
"""
COMMANDS = [
    "log",
    "show",
    "consistency",
    "checkpoint",
    "keys show",
    "witness",
    "retention",
    "prune",
    "hold list",
    "absorb",
]
ARGUMENTS = {
    "log": ("-n", "1"),
    "show": ("-1",),
    "consistency": ("3",),
    "witness": ("--dry-run", "--policy", "none.policy"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> CliProject:
    project = CliProject.make(
        tmp_path_factory.mktemp("json"),
        {"sluicegate.yaml": PIPELINE, "none.policy": "quorum none\n"},
    )
    project.sluice("run", check=0)
    return project


def told(command: str) -> set[str]:
    """The keys that the row of *command* names, but for those in parentheses."""
    page = PAGE.read_text("utf-8")
    [row] = re.findall(rf"^\| `{command} --json` \| (.*) \|$", page, re.MULTILINE)
    keys = re.sub(r"\([^)]*\)", "", row)
    if command in ("hold list", "absorb"):
        keys = keys.partition(":")[0]
    return set(re.findall(r"`(\w+)`", keys))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_names_every_key(project: CliProject, command: str) -> None:
    done = project.sluice(
        "audit", *command.split(), *ARGUMENTS.get(command, ()), "--json", check=0
    )

    assert set(json.loads(done.stdout)) == told(command)
