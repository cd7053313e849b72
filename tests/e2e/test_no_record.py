"""Judged and not recorded: what is found counts, and nothing of it stays."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  test: {uses: command, run: sh test.sh}
  after: {uses: command, run: echo after}
"""
KEY = "PRIVATE+KEY+log.example/churn+6a8124fd+" + "A" * 44


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE, "test.sh": "true\n"})


def left_behind(project: CliProject) -> set[str]:
    """What is in the user's folders and in the project, but for what stages wrote."""
    homes = {
        str(path.relative_to(project.home))
        for path in project.home.rglob("*")
        if ".cache" not in path.parts
    }
    ours = {
        str(path.relative_to(project.folder))
        for path in (project.folder / ".sluicegate").rglob("*")
        if "runs" not in path.parts
    }
    return homes | ours


def test_gates_are_judged_and_no_log_and_no_key_is_made(project: CliProject) -> None:
    done = project.sluice("run", "--no-record", check=0)

    *_, last = done.stdout.strip().splitlines()
    assert last.startswith("NOT RECORDED: ")
    assert "`sluice run`" in last
    assert left_behind(project) == {".sluicegate/.gitignore"}
    assert project.git("status", "--porcelain") == ""


def test_a_gate_that_closes_says_so_all_the_same(project: CliProject) -> None:
    (project.folder / "test.sh").write_text("exit 3\n")

    document = project.document("run", "--no-record", "--allow-dirty", check=1)

    assert (document["verdict"], document["recorded"]) == ("closed", False)
    assert document["log"] is None


def test_a_log_that_is_there_is_not_touched_and_not_used(project: CliProject) -> None:
    project.sluice("run", check=0)
    before = {
        path: path.stat().st_mtime_ns
        for place in (project.folder / ".sluicegate/audit", project.home)
        for path in place.rglob("*")
        if path.is_file()
    }

    document = project.document("run", "--no-record", check=0)

    assert [stage["cached"] for stage in document["stages"]] == [False, False]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_key_that_is_given_is_not_used(project: CliProject) -> None:
    project.commit({"test.sh": "env\n"}, "look at the environment")
    project.environ |= {"SLUICE_LOG_KEY": KEY, "CI": "true"}  # a log would be lost

    done = project.sluice("run", "--no-record", check=0)

    assert KEY not in done.stdout + done.stderr
    assert "SLUICE_LOG" not in done.stdout
    assert left_behind(project) == {".sluicegate/.gitignore"}


def test_a_stage_is_not_judged_without_what_it_needs(project: CliProject) -> None:
    done = project.sluice("run", "--no-record", "--only", "after", check=2)

    assert "nobody knows whether their gates have opened" in done.stderr


def test_every_event_is_told_as_a_log_would_have_it(project: CliProject) -> None:
    done = project.sluice("run", "--no-record", "--events", "-", check=0)

    events: list[dict[str, Any]] = [json.loads(e) for e in done.stdout.splitlines()]
    assert [event["type"] for event in events][0::5] == ["run.started", "run.finished"]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert "NOT RECORDED" in done.stderr


def test_budgets_of_gpus_leave_none_where_nobody_can_count(tmp_path: Path) -> None:
    text = PIPELINE + "budgets: {gpu_minutes: {week: 10}}\n"
    text = text.replace("sh test.sh", "sh test.sh, resources: {gpu: 1}")
    project = CliProject.make(tmp_path, {"sluicegate.yaml": text, "test.sh": "true\n"})

    document = project.document("run", "--no-record", check=1)

    assert document["stages"][0]["reason"].startswith("NOT RECORDED: ")
