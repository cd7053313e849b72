"""One step in a workflow: what a repository gets for it, and what it does not."""

import os

import pytest
from act.runner import PIN
from act.world import SECRET, World

CODE = '''\
"""Adds."""


def add(left: int, right: int) -> int:
    """Add two numbers."""
    return left + right
'''
PIPELINE = """\
schema: sluicegate/v1
name: shop_check_v1.0
stages:
  lint: {uses: ruff}
  check:
    uses: command
    run: [python3, -B, -c, "from add import add; assert add(2, 3) == 5"]
audit: {store: "git:"}
"""
WORKFLOW = "sluicegate.yml"
# An expired token; and a GitHub that is down, for which a step waits five minutes.
STATUSES = [401, 503] if os.environ.get("SLUICE_FULL") else [401]


@pytest.fixture
def step(shop: World) -> World:
    """A repository that has just been set up, by what `init` says."""
    shop.commit({"add.py": CODE, "sluicegate.yaml": PIPELINE}, "begin")
    shop.project.sluice("init", "--github", check=0)
    file = shop.project.folder / ".github/workflows" / WORKFLOW
    file.write_text(file.read_text().replace("0" * 40, PIN))
    shop.push({}, "Judge every change")
    return shop


def verdict(world: World) -> tuple[str, str]:
    """Of the newest run, with the reason."""
    outputs = world.runs[-1].jobs["gate"].outputs
    return outputs["verdict"], outputs["reason-code"]


def test_without_a_key_all_is_judged_and_nothing_recorded(step: World) -> None:
    done = step.on_push(WORKFLOW)
    assert done.results == {"gate": "success"}, done.text
    assert verdict(step) == ("open", "gates-open")
    summary = next(line for line in done.jobs["gate"].lines if "Summary" in line)
    assert summary.index("NOT RECORDED") < summary.index("Open: all 2 gates")
    assert not step.github.asked("repos/create-commit-status")
    assert step.git("ls-remote", "origin", "refs/heads/sluicegate-audit") == ""
    assert step.refused == []


def test_with_a_key_it_is_recorded_and_github_keeps_the_checkpoint(step: World) -> None:
    step.make_key()
    workflow = step.project.folder / ".github/workflows" / WORKFLOW
    allowed = workflow.read_text().replace("contents: read", "contents: write")
    allowed = allowed.replace("    outputs:", "      statuses: write\n    outputs:")
    step.push({f".github/workflows/{WORKFLOW}": allowed}, "Record")
    done = step.on_push(WORKFLOW)
    assert done.results == {"gate": "success"}, done.text
    assert verdict(step) == ("open", "gates-open")
    assert "NOT RECORDED" not in done.text
    assert step.secrets[SECRET] not in done.text
    kinds = [entry["type"] for entry in step.entries()]
    assert kinds[-1] == "run.finished"
    (status,) = step.state.repository.statuses
    assert status.context == "sluicegate/log"
    assert step.refused == []


def test_a_pull_request_from_a_fork_is_judged_by_a_token_that_may_only_read(
    step: World,
) -> None:
    step.make_key()
    step.git("switch", "-q", "-c", "evil")
    step.commit({"add.py": CODE.replace("left + right", "left - right")}, "x", "eve")
    done = step.on_pull_request("evil", WORKFLOW, actor="eve", fork="eve/shop")
    assert done.results == {"gate": "failure"}, done.text
    assert verdict(step) == ("closed", "gate-closed")
    assert step.state.repository.comments == []
    assert step.state.repository.checks == []
    assert "whose token may only read" in done.text
    assert step.refused == []
    assert step.git("ls-remote", "origin", "refs/heads/sluicegate-audit") == ""


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", STATUSES)
def test_what_github_answers_while_results_are_shown_changes_no_verdict(
    step: World, status: int
) -> None:
    step.github.faults.answer(status, times=None)
    done = step.on_push(WORKFLOW)
    assert done.results == {"gate": "success"}, done.text
    assert verdict(step) == ("open", "gates-open")
    assert "warning:" in done.text
