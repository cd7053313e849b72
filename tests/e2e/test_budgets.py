"""Budgets as a person meets them: read from main, counted in the log."""

from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: churn_train_v1.0
pools: {gpu: 2}
stages:
  train: {uses: command, run: "sleep 0.1", pools: {gpu: 2}}
  check: {uses: command, run: "true"}
budgets: {BUDGETS}
"""


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> CliProject:
    text = PIPELINE.replace("{BUDGETS}", request.param)
    files = {"sluicegate.yaml": text, ".gitignore": ".sluicegate/\n"}
    return CliProject.make(tmp_path, files)


@pytest.mark.parametrize("project", ["{runs: {week: 1}}"], indirect=True)
def test_a_used_up_budget_of_runs_closes_the_run_and_is_in_the_log(
    project: CliProject,
) -> None:
    project.sluice("run", check=0)
    # What is on a branch has no say in it.
    project.git("checkout", "-q", "-b", "topic")
    more = PIPELINE.replace("{BUDGETS}", "{runs: {week: 99}}")
    project.commit({"sluicegate.yaml": more}, "more for me")

    refused = project.document("run", "--force", check=1)

    assert refused["verdict"] == "closed"
    assert "1 of 1 runs this week are used" in refused["stages"][0]["reason"]
    started = [each for each in project.entries() if each["type"] == "run.started"]
    assert "over_budget" not in started[0]
    assert started[1]["over_budget"]["condition"] == "runs per week <= 1"
    assert (
        "budgets: 0 of 1 runs left this week" in project.sluice("plan", check=0).stdout
    )
    assert "the budget's next period" in project.sluice("status", check=0).stdout
    project.sluice("audit", "verify", check=0)


@pytest.mark.parametrize("project", ["{gpu_minutes: {week: 1}}"], indirect=True)
def test_gpu_time_is_counted_and_closes_a_gate_before_its_stage(
    project: CliProject,
) -> None:
    project.sluice("run", check=0)
    finished = [each for each in project.entries() if each["type"] == "stage.finished"]
    train, check = finished
    assert train["declared"] == {"gpu": 2}
    assert "declared" not in check
    plan = project.document("plan", "--force", check=0)
    (week,) = plan["budgets"]
    assert week["used"] == 2 * train["resources"]["wall_ms"]
    assert plan["expected_gpu_ms"] == week["used"]
    project.git("checkout", "-q", "-b", "topic")
    long = PIPELINE.replace("sleep 0.1", "sleep 0.2").replace("gpu: 2}", "gpu: 2000}")
    project.commit({"sluicegate.yaml": long.replace("{BUDGETS}", "{}")}, "more")
    project.sluice("run", check=0)  # a little was left, and what has begun ends

    refused = project.document("run", "--force", check=1)

    assert "GPU-minutes this week are used" in refused["stages"][0]["reason"]
    assert project.sluice("run", check=0).returncode == 0  # earlier results need none


@pytest.mark.parametrize("project", ["{runs: {week: 2}}"], indirect=True)
def test_of_runs_that_race_for_the_last_slot_one_gets_it(project: CliProject) -> None:
    project.sluice("run", check=0)

    racing = [project.start("run") for _ in range(3)]
    codes = sorted(each.wait() for each in racing)
    said = [each.communicate()[0] for each in racing]

    assert codes == [0, 1, 1], said
