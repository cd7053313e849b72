"""What tokens may do at the fake GitHub."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FORK, FakeGitHub, Token, serve
from github_client import Client
from github_shop import build_shop


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


WRITES = [
    ("check-runs", "checks", {"name": "n", "head_sha": "main"}),
    ("statuses/main", "statuses", {"state": "success"}),
    ("deployments", "deployments", {"ref": "main"}),
    ("issues/1/comments", "issues", {"body": "b"}),
    (
        "actions/workflows/approve.yml/dispatches",
        "actions",
        {"ref": "main", "inputs": {"request": "1"}},
    ),
    (
        "code-scanning/sarifs",
        "security_events",
        {"commit_sha": "0" * 40, "ref": "refs/heads/main", "sarif": "x"},
    ),
]


@pytest.mark.parametrize(("path", "name", "body"), WRITES)
@pytest.mark.parametrize("level", ["none", "read", "write"])
def test_a_token_does_what_it_may_and_the_permission_it_lacks_is_named(
    github: FakeGitHub, path: str, name: str, body: dict[str, Any], level: str
) -> None:
    token = Token("github-actions[bot]", {**FORK, name: level}, app="github-actions")
    github.state.tokens["tried"] = token
    answer = Client(github, "tried").post(path, body)

    if level == "write":
        assert answer.status_code not in (401, 403)
    else:
        assert answer.status_code == 403
        assert answer.json()["message"] == "Resource not accessible by integration"
        needed = answer.headers["X-Accepted-GitHub-Permissions"]
        assert needed.partition("; ")[0] == f"{name}=write"
    assert github.violations == []


def test_who_may_write_to_pull_requests_may_comment_on_them(github: FakeGitHub) -> None:
    may = {**FORK, "pull_requests": "write"}
    github.state.tokens["tried"] = Token("bob", may)
    answer = Client(github, "tried").post("issues/1/comments", {"body": "b"})
    assert answer.status_code == 201


@pytest.mark.parametrize(("path", "name", "body"), WRITES)
def test_the_token_of_a_fork_changes_nothing(
    github: FakeGitHub, path: str, name: str, body: dict[str, Any]
) -> None:
    assert Client(github, "ghs_fork").post(path, body).status_code == 403
    assert name in FORK


def test_who_is_not_known_sees_what_is_public(github: FakeGitHub) -> None:
    nobody = Client(github, None)

    assert nobody.ask("GET", "commits").status_code == 200
    assert nobody.ask("GET", "actions/secrets").status_code == 401
    assert nobody.post("deployments", {"ref": "main"}).status_code == 401
    assert Client(github, "wrong").ask("GET", "commits").status_code == 401
    github.state.tokens["ghs_job"].expired = True
    assert Client(github).ask("GET", "commits").status_code == 401
    github.state.repository.private = True
    assert nobody.ask("GET", "commits").status_code == 404


def test_the_token_of_a_job_is_nobody_s(github: FakeGitHub) -> None:
    assert Client(github).ask("GET", "/user").status_code == 403
    assert Client(github, "ghp_ann").get("/user")["login"] == "ann"
