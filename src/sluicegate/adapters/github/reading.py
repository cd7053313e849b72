"""GitHub's JSON as values of the model. Pure.

Source:
    GitHub's OpenAPI description: ``simple-user``, ``workflow-run``,
    ``environment-approvals``, ``issue-comment``, ``status``, ``deployment``.
"""

import json

from sluicegate.adapters.github.node import Node
from sluicegate.model.code_host import (
    Account,
    Comment,
    CommitStatus,
    DeploymentState,
    EnvironmentReview,
    HostedDeployment,
    HostedRepository,
    StatusState,
    WorkflowRun,
)

_BOT = "[bot]"


def read_repository(node: Node) -> HostedRepository:
    """A repository."""
    return HostedRepository(
        name=node.text("full_name"),
        number=node.number("id"),
        default_branch=node.text("default_branch"),
        is_private=node.flag("private"),
        url=node.text("html_url"),
    )


def read_account(node: Node | None) -> Account | None:
    """A user; None for none, as of one that was deleted."""
    if node is None:
        return None
    login = node.text("login")
    is_person = node.text("type") == "User" and not login.endswith(_BOT)
    return Account(login, node.number("id"), is_person=is_person)


def read_run(node: Node) -> WorkflowRun:
    """A run; GitHub writes the path of its workflow with the ref at some places."""
    return WorkflowRun(
        number=node.number("id"),
        attempt=node.number("run_attempt"),
        title=node.text("display_title"),
        path=node.text("path").partition("@")[0],
        event=node.text("event"),
        branch=node.text_or_none("head_branch"),
        commit=node.text("head_sha"),
        status=node.text("status"),
        conclusion=node.text_or_none("conclusion"),
        actor=read_account(node.at_or_none("actor")),
        again_by=read_account(node.at_or_none("triggering_actor")),
        created=node.moment("created_at"),
        url=node.text("html_url"),
        repository=node.at("repository").number("id"),
        raw=node.raw,
    )


def read_review(node: Node) -> EnvironmentReview:
    """What somebody said of a run that wanted to enter environments."""
    return EnvironmentReview(
        environments=tuple(each.text("name") for each in node.at("environments").all()),
        state=node.text("state"),
        comment=node.text("comment"),
        account=read_account(node.at_or_none("user")),
        raw=node.raw,
    )


def read_comment(node: Node) -> Comment:
    """A comment; GitHub leaves its text out where there is none."""
    return Comment(
        number=node.number("id"),
        body=node.text_or_none("body") or "",
        account=read_account(node.at_or_none("user")),
        created=node.moment("created_at"),
        updated=node.moment("updated_at"),
        url=node.text("html_url"),
        raw=node.raw,
    )


def read_status(node: Node) -> CommitStatus | None:
    """A commit status; None for one whose state is none of those we know."""
    try:
        state = StatusState(node.text("state"))
    except ValueError:
        return None
    return CommitStatus(
        context=node.text("context"),
        state=state,
        description=node.text_or_none("description") or "",
        url=node.text_or_none("target_url"),
        created=node.moment("created_at"),
        account=read_account(node.at_or_none("creator")),
    )


def read_deployment(node: Node, state: DeploymentState | None) -> HostedDeployment:
    """A deployment; its payload is an object, or the text of one."""
    return HostedDeployment(
        number=node.number("id"),
        commit=node.text("sha"),
        environment=node.text("environment"),
        payload=_read_payload(node.at_or_none("payload")),
        state=state,
    )


def read_deployment_state(node: Node) -> DeploymentState | None:
    """The state that a status of a deployment says; None for one we do not know."""
    try:
        return DeploymentState(node.text("state"))
    except ValueError:
        return None


def _read_payload(node: Node | None) -> dict[str, str]:
    if node is None:
        return {}
    if node.is_object:
        return node.texts()
    try:
        return Node(json.loads(node.as_text()), "payload").texts()
    except (ValueError, RecursionError):
        return {}  # a text of somebody else's
