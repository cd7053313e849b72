"""The fake GitHub does every operation as GitHub describes it."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_github import FakeGitHub, State, serve
from fake_github.routing import ROUTES
from github_client import Client
from github_shop import APPROVE, build_shop, sarif


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


def requests_of(state: State) -> list[tuple[str, str, Any]]:
    """At least one that goes well, of every operation."""
    repository = state.repository
    sha = repository.branches["main"]
    run, other = repository.runs[0].id, state.add_run(APPROVE).id
    state.add_run(APPROVE, status="in_progress", conclusion=None).id = 99
    rules = {
        "name": "audit",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
        "rules": [{"type": "deletion"}],
    }
    environment = repository.environments[0].id
    check = {"name": "sluice", "head_sha": sha}
    output = {
        "title": "t",
        "summary": "s",
        "annotations": [
            {
                "path": "a.txt",
                "start_line": 1,
                "end_line": 1,
                "annotation_level": "notice",
                "message": "m",
            }
        ],
    }
    first = state.last_number + 1
    made = [
        ("POST", "check-runs", check),
        ("POST", "deployments", {"ref": "main", "environment": "prod"}),
        ("POST", "issues/1/comments", {"body": "hello"}),
        ("POST", "rulesets", rules),
        ("POST", f"deployments/{first + 1}/statuses", {"state": "success"}),
    ]
    looked = [
        ("PATCH", f"check-runs/{first}", {"conclusion": "success", "output": output}),
        ("GET", f"check-runs/{first}", None),
        ("GET", f"check-runs/{first}/annotations", None),
        ("GET", f"commits/{sha}/check-runs", None),
        ("GET", f"deployments/{first + 1}", None),
        ("GET", f"deployments/{first + 1}/statuses", None),
        ("GET", f"deployments/{first + 1}/statuses/{first + 4}", None),
        ("GET", "deployments", None),
        ("GET", "issues/1", None),
        ("GET", "issues/1/comments", None),
        ("GET", f"issues/comments/{first + 2}", None),
        ("PATCH", f"issues/comments/{first + 2}", {"body": "other"}),
        ("DELETE", f"issues/comments/{first + 2}", None),
        ("GET", "rulesets", None),
        ("GET", f"rulesets/{first + 3}", None),
        ("GET", "rules/branches/audit", None),
        ("POST", f"statuses/{sha}", {"state": "success", "context": "log"}),
        ("GET", f"commits/{sha}/status", None),
        ("GET", f"commits/{sha}/statuses", None),
    ]
    scanned = {"commit_sha": sha, "ref": "refs/heads/main", "sarif": sarif()}
    code = [
        ("GET", "", None),
        ("GET", "branches", None),
        ("GET", "branches/main", None),
        ("GET", "branches/main/protection", None),
        ("GET", "tags", None),
        ("GET", "git/ref/heads%2Fmain", None),
        ("GET", "commits", None),
        ("GET", f"commits/{sha}", None),
        ("GET", f"commits/{sha}/pulls", None),
        ("GET", "compare/main...main", None),
        ("GET", "contents/a.txt", None),
        ("GET", "pulls", None),
        ("GET", "pulls/1", None),
        ("GET", "pulls/1/files", None),
        ("GET", "pulls/1/commits", None),
        ("GET", "releases", None),
        ("GET", "releases/5", None),
        ("GET", "releases/latest", None),
        ("GET", "releases/tags/v1", None),
        ("POST", "code-scanning/sarifs", scanned),
    ]
    actions = [
        ("GET", "actions/workflows", None),
        ("GET", "actions/workflows/approve.yml", None),
        ("GET", "actions/workflows/approve.yml/runs", None),
        (
            "POST",
            "actions/workflows/approve.yml/dispatches",
            {"ref": "main", "inputs": {"request": "12"}},
        ),
        ("GET", "actions/runs", None),
        ("GET", f"actions/runs/{run}", None),
        ("GET", f"actions/runs/{run}/attempts/1", None),
        ("GET", f"actions/runs/{run}/jobs", None),
        ("GET", f"actions/runs/{run}/artifacts", None),
        ("GET", f"actions/runs/{run}/approvals", None),
        ("GET", f"actions/runs/{run}/pending_deployments", None),
        (
            "POST",
            f"actions/runs/{run}/pending_deployments",
            {"environment_ids": [environment], "state": "approved", "comment": "ok"},
        ),
        ("POST", f"actions/runs/{other}/rerun", None),
        ("POST", "actions/runs/99/cancel", None),
        ("DELETE", f"actions/runs/{other}", None),
        ("GET", "actions/artifacts", None),
        ("GET", f"actions/artifacts/{repository.artifacts[0].id}", None),
        ("GET", "actions/secrets", None),
        ("GET", "actions/secrets/KEY", None),
        ("GET", "actions/organization-secrets", None),
        ("GET", "actions/variables", None),
        ("GET", "actions/permissions", None),
        ("GET", "actions/permissions/selected-actions", None),
        ("GET", "actions/permissions/workflow", None),
        ("GET", "actions/permissions/artifact-and-log-retention", None),
        ("GET", "actions/permissions/fork-pr-contributor-approval", None),
        ("GET", "immutable-releases", None),
        ("GET", "actions/oidc/customization/sub", None),
    ]
    policy = {"protected_branches": False, "custom_branch_policies": True}
    places = [
        ("GET", "environments", None),
        ("GET", "environments/prod", None),
        ("GET", "environments/prod/secrets", None),
        ("GET", "environments/prod/deployment_protection_rules", None),
        ("GET", "environments/prod/deployment-branch-policies", None),
        ("POST", "environments/prod/deployment-branch-policies", {"name": "v*"}),
        ("PUT", "environments/next", {"deployment_branch_policy": policy}),
        ("GET", "collaborators/bob/permission", None),
        ("GET", "/user", None),
        ("GET", "/users/ann", None),
        ("GET", "/users/ann/ssh_signing_keys", None),
        ("GET", "/orgs/acme/actions/oidc/customization/sub", None),
        ("GET", "/rate_limit", None),
    ]
    return made + looked + code + actions + places


def test_every_operation_is_answered_as_github_describes_it(github: FakeGitHub) -> None:
    client = Client(github, "all")
    apart = {"POST check-runs", "PATCH check-runs"}
    for method, path, body in requests_of(github.state):
        is_check = f"{method} {path.partition('/')[0]}" in apart
        asks = Client(github) if is_check else client
        answer = asks.ask(method, path, body)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    upload = github.state.repository.sarifs[0].id
    client.get(f"code-scanning/sarifs/{upload}")
    assert Client(github, "app").get("/app")["slug"] == "guard"

    assert {e.operation for e in github.exchanges} == ROUTES.keys()
    assert github.violations == []
