"""What is shown at the fake GitHub, within the limits of GitHub."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FakeGitHub, serve
from github_client import Client
from github_shop import build_shop, sarif


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


def test_checks_gather_annotations_and_are_of_apps_alone(github: FakeGitHub) -> None:
    note = {
        "path": "a.txt",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "notice",
        "message": "m",
    }
    sha = github.state.repository.branches["main"]

    def body(count: int) -> dict[str, Any]:
        output = {"title": "t", "summary": "s", "annotations": [note] * count}
        return {"name": "sluice", "head_sha": sha, "output": output}

    client = Client(github)
    made = client.post("check-runs", body(50))
    assert made.status_code == 201
    path = f"check-runs/{made.json()['id']}"
    changed = {"output": body(30)["output"], "conclusion": "failure"}
    assert client.ask("PATCH", path, changed).status_code == 200
    assert client.get(path)["output"]["annotations_count"] == 80
    assert client.get(path)["status"] == "completed"
    assert client.post("check-runs", body(51)).status_code == 422
    assert "is too long" in github.violations[0]
    assert Client(github, "ghp_ann").post("check-runs", body(1)).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("statuses/{sha}", {"state": "success", "description": "x" * 141}),
        ("statuses/{sha}", {"state": "success", "target_url": "ftp://a"}),
        ("deployments", {"ref": "main", "description": "x" * 141}),
        ("deployments", {"ref": "gone"}),
        ("issues/1/comments", {"body": "x" * 65_537}),
        ("issues/1/comments", {"body": " "}),
        ("check-runs", {"name": "n", "head_sha": "0" * 40}),
        ("check-runs", {"name": "n", "head_sha": "{sha}", "status": "completed"}),
    ],
)
def test_what_is_beyond_a_limit_is_refused(
    github: FakeGitHub, path: str, body: dict[str, Any]
) -> None:
    sha = github.state.repository.branches["main"]
    body = {k: v.replace("{sha}", sha) for k, v in body.items()}
    answer = Client(github).post(path.format(sha=sha), body)

    assert answer.status_code == 422
    assert github.violations == []


def test_statuses_are_counted_to_a_thousand_and_never_changed(
    github: FakeGitHub,
) -> None:
    sha = github.state.repository.branches["main"]
    client = Client(github)
    body = {"state": "success", "context": "log", "description": "x" * 140}
    client.post(f"statuses/{sha}", body)
    status = github.state.repository.statuses[0]
    github.state.repository.statuses += [status] * 999

    assert client.post(f"statuses/{sha}", body).status_code == 422
    other = client.post(f"statuses/{sha}", {**body, "context": "other"})
    assert other.status_code == 201
    assert client.get(f"commits/{sha}/status")["state"] == "success"


def test_a_deployment_waits_for_statuses_unless_told_not_to(github: FakeGitHub) -> None:
    sha = github.state.repository.branches["main"]
    client = Client(github)
    client.post(f"statuses/{sha}", {"state": "pending"})
    body = {"ref": sha, "environment": "next", "payload": {"request": "12"}}

    assert client.post("deployments", body).status_code == 409
    made = client.post("deployments", {**body, "required_contexts": []})
    assert made.status_code == 201
    assert made.json()["payload"] == {"request": "12"}
    found = client.get(f"deployments?sha={sha}&environment=next")
    assert [each["id"] for each in found] == [made.json()["id"]]
    assert client.get("deployments?environment=other") == []


def test_a_successful_deployment_retires_the_one_before(github: FakeGitHub) -> None:
    client = Client(github)
    for _ in range(2):
        body = {"ref": "main", "environment": "next"}
        number = client.post("deployments", body).json()["id"]
        client.post(f"deployments/{number}/statuses", {"state": "success"})
    first, second = github.state.repository.deployments

    assert [status.state for status in first.statuses] == ["success", "inactive"]
    assert [status.state for status in second.statuses] == ["success"]


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (sarif(), 202),
        (sarif(runs=21), 400),
        (sarif(results=[{}] * 25_001), 400),
        (sarif(rules=[{"id": "r"}] * 25_001), 400),
        (sarif(rules=[{"id": "r", "properties": {"tags": ["t"] * 21}}]), 400),
        (sarif(version="2.0.0"), 400),
        ("bm8=", 400),
        ("%", 400),
        (b64encode(bytes(10 * 1024 * 1024 + 1)).decode(), 413),
    ],
    ids=["good", "runs", "results", "rules", "tags", "version", "plain", "text", "big"],
)
def test_sarif_is_taken_within_its_limits(
    github: FakeGitHub, document: str, status: int
) -> None:
    sha = github.state.repository.branches["main"]
    body = {"commit_sha": sha, "ref": "refs/heads/main", "sarif": document}

    answer = Client(github).post("code-scanning/sarifs", body)
    assert answer.status_code == status
    assert len(github.state.repository.sarifs) == (status == 202)
