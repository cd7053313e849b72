import pytest

from sluicegate.adapters.github.answer import Question
from sluicegate.adapters.github.permissions import explain_permission, name_permission

BASE = "/api/v3/repos/acme/app"


def ask(method: str, inside: str) -> Question:
    return Question(method, f"{BASE}{inside}", {})


@pytest.mark.parametrize(
    ("question", "permission"),
    [
        (ask("GET", "/actions/runs/7"), "actions: read"),
        (ask("POST", "/actions/workflows/a.yml/dispatches"), "actions: write"),
        (ask("POST", "/check-runs"), "checks: write"),
        (ask("GET", f"/commits/{'a' * 40}/check-runs?x=1"), "checks: read"),
        (ask("GET", f"/commits/{'a' * 40}/statuses"), "statuses: read"),
        (ask("POST", f"/statuses/{'a' * 40}"), "statuses: write"),
        (ask("GET", "/contents/.github/workflows/a.yml"), "contents: read"),
        (ask("GET", "/commits?sha=1"), "contents: read"),
        (ask("GET", "/compare/a...b"), "contents: read"),
        (ask("POST", "/issues/7/comments"), "pull-requests: write"),
        (ask("POST", "/deployments/7/statuses"), "deployments: write"),
        (ask("POST", "/code-scanning/sarifs"), "security-events: write"),
        (ask("GET", ""), None),
        (ask("GET", "/rulesets"), None),
        (Question("GET", "/user", {}), None),
    ],
)
def test_what_a_question_needs_is_known_without_being_told(
    question: Question, permission: str | None
) -> None:
    assert name_permission(question, None) == permission


@pytest.mark.parametrize(
    ("accepted", "permission"),
    [
        ("checks=write", "checks: write"),
        ("issues=write; pull_requests=write", "pull-requests: write"),
        ("pull_requests=write; issues=write", "pull-requests: write"),
        ("security_events=read", "security-events: read"),
        ("contents=read,workflows=write", "contents: read, workflows: write"),
        ("metadata=read", "pull-requests: write"),
        ("allows_permissionless_access=true", "pull-requests: write"),
        ("", "pull-requests: write"),
        ("::error::=write", "pull-requests: write"),
    ],
)
def test_what_github_says_counts_and_of_several_what_we_expect(
    accepted: str, permission: str
) -> None:
    assert name_permission(ask("POST", "/issues/7/comments"), accepted) == permission


def test_how_to_mend_it_is_what_a_workflow_understands() -> None:
    assert "`permissions: {checks: write}`" in explain_permission("checks: write")
    both = explain_permission("contents: read, checks: write")
    assert "`permissions: {contents: read, checks: write}`" in both
    assert "no workflow's own token" in explain_permission("administration: read")
    assert "no workflow's own token" in explain_permission(
        "contents: read, workflows: write"
    )
    assert "permissions:" not in explain_permission(None)
