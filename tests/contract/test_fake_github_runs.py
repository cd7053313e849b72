"""Workflow runs at the fake GitHub: found, dispatched, let in, run again."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FakeGitHub, Run, State, serve
from github_client import Client
from github_shop import APPROVE, TIME, WORKFLOW, build_shop


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


def test_pages_lead_to_each_other_and_to_everything(github: FakeGitHub) -> None:
    for number in range(5):
        github.state.add_run(APPROVE, title=str(number))
    client = Client(github)
    where: str | None = "actions/runs?per_page=2&event=workflow_dispatch"
    titles = []
    while where:
        answer = client.ask("GET", where)
        titles += [run["display_title"] for run in answer.json()["workflow_runs"]]
        following = answer.links.get("next")
        where = following["url"].removeprefix(github.url) if following else None
        assert answer.json()["total_count"] == 6

    assert sorted(titles) == ["0", "1", "2", "3", "4", "sluice approve 12"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=push", {"pushed"}),
        ("branch=topic", {"topic"}),
        ("actor=bob", {"bobs"}),
        ("status=failure", {"failed"}),
        ("created=%3E%3D2026-11-23T08:00:01Z", {"late"}),
        ("created=*..2026-11-23T07:59:59Z", {"early"}),
        ("created=2026-11-22", {"early"}),
    ],
)
def test_runs_are_found_by_what_is_asked(
    github: FakeGitHub, query: str, found: set[str]
) -> None:
    state = github.state
    state.add_run(APPROVE, title="pushed", event="push")
    state.add_run(APPROVE, title="bobs", actor="bob")
    state.add_run(APPROVE, title="failed", conclusion="failure")
    sha = state.repository.branches["main"]
    state.add_run(APPROVE, title="topic", branch="topic", sha=sha)
    state.add_run(APPROVE, title="late").created_at = TIME.replace(minute=5)
    state.add_run(APPROVE, title="early").created_at = TIME.replace(day=22)
    listed = Client(github).get(f"actions/workflows/approve.yml/runs?{query}")

    assert {run["display_title"] for run in listed["workflow_runs"]} == found


def test_a_dispatch_becomes_a_run_named_after_its_inputs(github: FakeGitHub) -> None:
    body = {
        "ref": "main",
        "inputs": {"request": "ab", "decision": "reject"},
        "return_run_details": True,
    }
    client = Client(github, "ghp_bob")
    answer = client.post("actions/workflows/approve.yml/dispatches", body)
    number = answer.json()["workflow_run_id"]
    run = client.get(f"actions/runs/{number}")

    assert answer.status_code == 200
    assert run["display_title"] == "sluice reject ab"
    assert run["path"] == APPROVE
    assert run["actor"]["login"] == run["triggering_actor"]["login"] == "bob"
    assert (run["status"], run["run_attempt"]) == ("queued", 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"ref": "main", "inputs": {"request": "1", "more": "2"}}, 422),
        ({"ref": "main"}, 422),
        ({"ref": "main", "inputs": {"request": "1", "decision": "maybe"}}, 422),
        ({"ref": "gone", "inputs": {"request": "1"}}, 422),
        ({"ref": "main", "inputs": dict.fromkeys(map(str, range(26)), "")}, 422),
    ],
    ids=["unknown", "missing", "no option", "no branch", "too many"],
)
def test_a_dispatch_that_the_workflow_does_not_take_is_refused(
    github: FakeGitHub, body: dict[str, Any], status: int
) -> None:
    before = len(github.state.repository.runs)
    answer = Client(github).post("actions/workflows/approve.yml/dispatches", body)

    assert answer.status_code == status
    assert len(github.state.repository.runs) == before


def test_what_a_test_does_on_dispatch_is_waited_for() -> None:
    def end(github: FakeGitHub, run: Run) -> None:
        assert Client(github).get(f"actions/runs/{run.id}")["status"] == "queued"
        run.status, run.conclusion = "completed", "success"

    state = State()
    state.add_commit({APPROVE: WORKFLOW})
    with serve(state, on_dispatch=end) as github:
        body = {"ref": "main", "inputs": {"request": "1"}}
        path = "actions/workflows/approve.yml/dispatches"
        assert Client(github).post(path, body).status_code == 204
        github.join_dispatched()

        assert state.repository.runs[0].conclusion == "success"


def test_what_goes_wrong_on_dispatch_is_raised() -> None:
    def fail(_github: FakeGitHub, _run: Run) -> None:
        raise ValueError("broken workflow")

    state = State()
    state.add_commit({APPROVE: WORKFLOW})
    body = {"ref": "main", "inputs": {"request": "1"}}
    with serve(state, on_dispatch=fail) as github:
        Client(github).post("actions/workflows/approve.yml/dispatches", body)
        with pytest.raises(ValueError, match="broken"):
            github.join_dispatched()


def test_environments_are_entered_by_their_reviewers_alone(github: FakeGitHub) -> None:
    run, place = (
        github.state.repository.runs[0],
        github.state.repository.environments[0],
    )
    body = {"environment_ids": [place.id], "state": "rejected", "comment": "no"}
    path = f"actions/runs/{run.id}/pending_deployments"

    assert Client(github, "ghp_bob").post(path, body).status_code == 422
    assert Client(github, "ghp_ann").post(path, body).status_code == 200
    told = Client(github).get(f"actions/runs/{run.id}/approvals")[-1]
    assert (told["user"]["login"], told["state"], told["comment"]) == (
        "ann",
        "rejected",
        "no",
    )
    assert (run.status, run.conclusion) == ("completed", "failure")


def test_a_run_that_runs_again_is_of_who_asked_for_it(github: FakeGitHub) -> None:
    run = github.state.add_run(APPROVE)
    path = f"actions/runs/{run.id}/rerun"

    assert Client(github, "ghp_bob").ask("POST", path).status_code == 201
    shown = Client(github).get(f"actions/runs/{run.id}")
    assert shown["run_attempt"] == 2
    assert shown["actor"]["login"] == "ann"
    assert shown["triggering_actor"]["login"] == "bob"
