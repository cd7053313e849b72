"""The one comment of ours on an issue or a pull request at GitHub."""

from functools import cached_property

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.library import understood
from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.reading import read_account, read_comment
from sluicegate.adapters.github.refusing import NotThereError
from sluicegate.model.code_host import Account
from sluicegate.ports.code_host import MissingPermissionError


class GithubComments:
    """Our comments; see `sluicegate.ports.code_host.Feedback`."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    def me(self) -> Account | None:
        """GitHub does not tell an app, as the one of a workflow's token is."""
        return self._me

    def put_comment(self, issue: int, marker: str, body: str) -> str:
        """Where GitHub does not tell whose token it is, ours is one of an app's."""
        return self._client.surely(
            lambda _again: self._put_comment(issue, marker, body)
        )

    @cached_property
    def _me(self) -> Account | None:
        try:
            return read_account(self._client.get("/user"))
        except MissingPermissionError:
            return None

    def _put_comment(self, issue: int, marker: str, body: str) -> str:
        number = self._find_comment(issue, marker)
        if number is not None:
            try:
                return self._change_comment(issue, number, body)
            except NotThereError:
                self._client.check_visible()  # deleted at this moment
        with understood():
            return (
                self._client.repository.get_issue(issue).create_comment(body).html_url
            )

    def _change_comment(self, issue: int, number: int, body: str) -> str:
        with understood():
            comment = self._client.repository.get_issue(issue).get_comment(number)
            comment.edit(body)
            return comment.html_url

    def _find_comment(self, issue: int, marker: str) -> int | None:
        path = f"{self._client.path}/issues/{issue:d}/comments"
        for node in self._client.pages(path):
            comment = read_comment(node)
            if marker in comment.body and self._is_ours(comment.account, node):
                return comment.number
        return None

    def _is_ours(self, account: Account | None, node: Node) -> bool:
        if account is None:
            return False
        if self._me is not None:
            return account.number == self._me.number
        app = node.at_or_none("performed_via_github_app")
        return (
            not account.is_person
            and app is not None
            and account.login == f"{app.text_or_none('slug')}[bot]"
        )
