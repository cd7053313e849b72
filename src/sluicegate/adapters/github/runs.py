"""Runs of workflows on GitHub, and who is behind them."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.library import understood
from sluicegate.adapters.github.names import (
    check_commit,
    check_workflow,
    is_login,
    quote_path,
)
from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.reading import (
    read_account,
    read_comment,
    read_review,
    read_run,
)
from sluicegate.errors import PermanentError
from sluicegate.model.code_host import (
    Account,
    Comment,
    CommitAccounts,
    Dispatched,
    EnvironmentReview,
    WorkflowRun,
)

_ROLES = frozenset({"none", "read", "triage", "write", "maintain", "admin"})
_FOLDER = ".github/workflows"


class GithubRuns:
    """Runs, people and commits; see `sluicegate.ports.code_host.Workflows`."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    def run(self, number: int) -> WorkflowRun | None:
        """As it is at this moment."""
        found = self._client.get(self._at(f"actions/runs/{number:d}"))
        return None if found is None else read_run(found)

    def runs(
        self, workflow: str, *, event: str, branch: str, since: datetime
    ) -> Iterator[WorkflowRun]:
        """What GitHub was asked for is looked at again: a filter may be lost."""
        path = self._at(f"actions/workflows/{check_workflow(workflow)}/runs")
        moment = since.astimezone(UTC).replace(microsecond=0)
        asked = {
            "event": event,
            "branch": branch,
            "created": f">={moment:%Y-%m-%dT%H:%M:%SZ}",
        }
        for node in self._client.pages(path, asked, items="workflow_runs"):
            run = read_run(node)
            is_meant = (run.event, run.branch) == (event, branch)
            is_meant &= run.path == f"{_FOLDER}/{workflow}"
            if is_meant and run.created >= moment:
                yield run

    def reviews(self, number: int) -> Sequence[EnvironmentReview]:
        """PyGithub does not know them. They come in one piece."""
        found = self._client.get(self._at(f"actions/runs/{number:d}/approvals"))
        return () if found is None else tuple(map(read_review, found.all()))

    def dispatch(
        self, workflow: str, *, branch: str, inputs: Mapping[str, str]
    ) -> Dispatched:
        """It is not done again if nobody knows whether it was done."""
        from github.WorkflowRun import WorkflowRun as Started  # noqa: PLC0415 - slow

        flow = self._client.repository.get_workflow(check_workflow(workflow))
        with understood():
            started: object = flow.create_dispatch(
                branch, dict(inputs), throw=True, return_run_details=True
            )
            if not isinstance(started, Started):  # a server of before 2026
                return Dispatched(workflow, None, None)
            return Dispatched(workflow, started.id, started.html_url)

    def role(self, account: Account) -> str:
        """A role that an organization made up counts as the one it was made from.

        GitHub is asked by login, and says whose it is: it may have passed on.
        """
        if not is_login(account.login):
            return "none"
        path = self._at(f"collaborators/{quote(account.login, safe='')}/permission")
        found = self._client.get(path)
        if found is None:
            return "none"
        role = found.text_or_none("role_name")
        role = role if role in _ROLES else found.text("permission")
        user = found.at_or_none("user")
        is_theirs = user is not None and user.number("id") == account.number
        return role if is_theirs else "none"

    def content(self, path: str, commit: str) -> bytes | None:
        """Up to the megabyte that GitHub sends."""
        inside = quote_path(path)
        if inside is None:
            return None
        asked = {"ref": check_commit(commit)}
        found = self._client.get(self._at(f"contents/{inside}"), asked)
        return None if found is None else _read_content(found, path)

    def is_ancestor(self, commit: str, of: str) -> bool:
        """One page after the first: only the first one lists the changed files."""
        both = f"{check_commit(commit)}...{quote(of, safe='')}"
        asked = {"per_page": 1, "page": 2}
        found = self._client.get(self._at(f"compare/{both}"), asked)
        return found is not None and found.text("status") in {"ahead", "identical"}

    def commit_accounts(self, commit: str) -> CommitAccounts:
        """From a list of one, in which GitHub leaves the changed files out."""
        asked: dict[str, str | int] = {"sha": check_commit(commit), "per_page": 1}
        for node in self._client.pages(self._at("commits"), asked):
            if node.text("sha") != commit:
                break
            said = node.at("commit")
            return CommitAccounts(
                commit,
                _read_known(node.at_or_none("author")),
                _read_known(node.at_or_none("committer")),
                _read_address(said.at_or_none("author")),
                _read_address(said.at_or_none("committer")),
            )
        return CommitAccounts(commit, None, None)

    def comment(self, number: int) -> Comment | None:
        """One comment, as it is now."""
        found = self._client.get(self._at(f"issues/comments/{number:d}"))
        return None if found is None else read_comment(found)

    def comments(self, issue: int) -> Iterator[Comment]:
        """All comments."""
        path = self._at(f"issues/{issue:d}/comments")
        yield from map(read_comment, self._client.pages(path))

    def _at(self, inside: str) -> str:
        return f"{self._client.path}/{inside}"


def _read_known(node: Node | None) -> Account | None:
    """GitHub says nothing, null or an empty object of whom it does not know."""
    if node is None or node.at_or_none("login") is None:
        return None
    return read_account(node)


def _read_address(node: Node | None) -> str:
    return "" if node is None else node.text_or_none("email") or ""


def _read_content(node: Node, path: str) -> bytes | None:
    """The file; None for a folder or anything else that is at its place."""
    if node.is_list or node.text("type") != "file":
        return None
    if node.text("encoding") != "base64":
        raise PermanentError(f"{path} is too large to be read from GitHub")
    try:
        data = base64.b64decode("".join(node.text("content").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PermanentError(f"GitHub sends {path} garbled") from error
    if len(data) != node.number("size"):
        raise PermanentError(f"GitHub sends only a part of {path}")
    return data
