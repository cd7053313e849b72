"""What GitHub says of runs, comments and reviews, as its documentation shows them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fakes_code_host import ANN, BOB, BOT, FACTS, NAME, URL

from sluicegate.audit.attested.said import read_comment, read_review, read_run
from sluicegate.model.code_host import (
    Account,
    Comment,
    EnvironmentReview,
    HostedRepository,
    WorkflowRun,
)

EVE = Account("eve", 103, is_person=True)
HEAD = "a1" * 20
"""The commit at which a run reads its workflow."""

APPROVE = ".github/workflows/approve.yml"
ALL = {each.login: each for each in (ANN, BOB, BOT, EVE)}


def write_time(at: datetime) -> str:
    """A moment as GitHub writes it: to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def write_account(account: Account | None) -> dict[str, Any] | None:
    """A ``simple-user``."""
    if account is None:
        return None
    kind = "User" if account.is_person else "Bot"
    return {"login": account.login, "id": account.number, "type": kind}


def said_run(
    number: int,
    title: str,
    by: Account,
    created: datetime,
    repository: HostedRepository = FACTS,
    **changes: Any,  # noqa: ANN401 - whatever a document may hold
) -> dict[str, Any]:
    """A run of the approve workflow that has ended well, but for *changes*."""
    return {
        "id": number,
        "name": "approve",
        "display_title": title,
        "path": APPROVE,
        "event": "workflow_dispatch",
        "head_branch": "main",
        "head_sha": HEAD,
        "run_attempt": 1,
        "status": "completed",
        "conclusion": "success",
        "actor": write_account(by),
        "triggering_actor": write_account(by),
        "created_at": write_time(created),
        "updated_at": write_time(created),
        "html_url": f"{URL}/actions/runs/{number}",
        "repository": {"id": repository.number, "full_name": repository.name},
        **changes,
    }


def run_of(document: dict[str, Any]) -> WorkflowRun:
    """The run that *document* describes."""
    return read_run(json.dumps(document))


def broken(run: WorkflowRun, **changes: Any) -> WorkflowRun:  # noqa: ANN401 - likewise
    """*run* as a host says it that makes no sense."""
    raw = json.dumps({**json.loads(run.raw), **changes})
    return replace(run, raw=raw.encode())


def said_comment(
    number: int,
    body: str,
    by: Account | None,
    created: datetime,
    **changes: Any,  # noqa: ANN401 - as above
) -> dict[str, Any]:
    """A comment that nobody has edited, but for *changes*."""
    return {
        "id": number,
        "body": body,
        "user": write_account(by),
        "created_at": write_time(created),
        "updated_at": write_time(created),
        "html_url": f"https://github.com/{NAME}/issues/7#issuecomment-{number}",
        "issue_url": f"https://api.github.com/repos/{NAME}/issues/7",
        "performed_via_github_app": None,
        **changes,
    }


def comment_of(document: dict[str, Any]) -> Comment:
    """The comment that *document* describes."""
    return read_comment(json.dumps(document)).comment


def said_review(
    comment: str,
    by: Account | None,
    state: str = "approved",
    environment: str = "production",
) -> dict[str, Any]:
    """What somebody said to a run that wanted to enter *environment*."""
    return {
        "state": state,
        "comment": comment,
        "user": write_account(by),
        "environments": [{"id": 5, "name": environment}],
    }


def review_of(document: dict[str, Any]) -> EnvironmentReview:
    """The review that *document* describes."""
    return read_review(json.dumps(document))
