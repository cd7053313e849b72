"""Reading what a code host said: runs, comments, reviews; whole, or cut to this.

Answers are judged by these bytes and by nothing else that the host was asked for, so
that whoever looks at them years later judges the same.

Source:
    GitHub REST API, ``workflow-run``, ``issue-comment`` and ``environment-approvals``.
    The path of a run may come with ``@`` and a ref behind it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sluicegate.errors import IntegrityError
from sluicegate.model.code_host import (
    Account,
    Comment,
    EnvironmentReview,
    WorkflowRun,
)

_MAX_NUMBER = 2**53 - 1


def read_run(said: str) -> WorkflowRun:
    """A workflow run.

    Raises:
        IntegrityError: it is none, or lacks what an answer is judged by.
    """
    run = _Said.parse(said)
    return WorkflowRun(
        number=run.number("id"),
        attempt=run.number("run_attempt"),
        title=run.text("display_title"),
        path=run.text("path").partition("@")[0],
        event=run.text("event"),
        branch=run.maybe_text("head_branch"),
        commit=run.text("head_sha"),
        status=run.maybe_text("status") or "",
        conclusion=run.maybe_text("conclusion"),
        actor=run.account("actor"),
        again_by=run.account("triggering_actor"),
        created=run.time("created_at"),
        url=run.text("html_url"),
        repository=run.within("repository").number("id"),
        raw=said.encode(),
    )


@dataclass(frozen=True, slots=True)
class SaidComment:
    """A comment, and whether somebody's program wrote it in their name."""

    comment: Comment
    by_app: bool


def read_comment(said: str) -> SaidComment:
    """A comment on an issue or a pull request.

    Raises:
        IntegrityError: it is none.
    """
    found = _Said.parse(said)
    comment = Comment(
        number=found.number("id"),
        body=found.text("body"),
        account=found.account("user"),
        created=found.time("created_at"),
        updated=found.time("updated_at"),
        url=found.text("html_url"),
        raw=said.encode(),
    )
    return SaidComment(comment, found.has("performed_via_github_app"))


def read_review(said: str) -> EnvironmentReview:
    """A review of a run that wants to enter environments.

    Raises:
        IntegrityError: it is none.
    """
    review = _Said.parse(said)
    return EnvironmentReview(
        environments=review.names("environments"),
        state=review.text("state"),
        comment=review.maybe_text("comment") or "",
        account=review.account("user"),
        raw=said.encode(),
    )


def parse_said(said: str) -> dict[str, object]:
    """The object that the host said, of which nothing is taken for granted.

    Raises:
        IntegrityError: it is none.
    """
    try:
        return _require_object(json.loads(said, object_pairs_hook=_once))
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"the code host's answer: {error}") from error


class _Said:
    """An object of the host, of which nothing is taken for granted."""

    def __init__(self, document: object, where: str = "") -> None:
        self._document: Mapping[str, object] = _require_object(document, where)
        self._where = where

    @classmethod
    def parse(cls, said: str) -> "_Said":
        return cls(parse_said(said))

    def has(self, key: str) -> bool:
        return self._document.get(key) is not None

    def within(self, key: str) -> "_Said":
        return _Said(self._document.get(key), key)

    def text(self, key: str) -> str:
        found = self._document.get(key)
        if not isinstance(found, str):
            raise self._lacks(key)
        return found

    def maybe_text(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def number(self, key: str) -> int:
        found = self._document.get(key)
        if type(found) is not int or not 0 < found <= _MAX_NUMBER:
            raise self._lacks(key)
        return found

    def time(self, key: str) -> datetime:
        try:
            found = datetime.fromisoformat(self.text(key))
        except ValueError:
            raise self._lacks(key) from None
        if found.tzinfo is None:
            raise self._lacks(key)
        return found.astimezone(UTC)

    def account(self, key: str) -> Account | None:
        """Somebody; None for an account that was deleted."""
        if not self.has(key):
            return None
        found = self.within(key)
        login = found.text("login")
        is_bot = login.casefold().endswith("[bot]")
        is_person = found.text("type") == "User" and not is_bot
        return Account(login, found.number("id"), is_person)

    def names(self, key: str) -> tuple[str, ...]:
        found = self._document.get(key)
        if not isinstance(found, list):
            raise self._lacks(key)
        return tuple(_Said(each, key).text("name") for each in found)

    def _lacks(self, key: str) -> IntegrityError:
        place = f"{self._where}.{key}" if self._where else key
        return IntegrityError(f"the code host's answer has no usable {place}")


def _require_object(document: object, where: str = "") -> dict[str, object]:
    if not isinstance(document, dict):
        raise IntegrityError(f"the code host's {where or 'answer'} is no object")
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which no key is said twice: readers differ in which they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
