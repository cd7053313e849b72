"""What somebody said on a code host: to which request, and where. Pure.

Only whole words count: a title or a comment that holds more, or less than all digits of
a request's id, says nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sluicegate.errors import IntegrityError
from sluicegate.model.code_host import Account, EnvironmentReview
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Answer

_ANSWERS = {"approve": Answer.APPROVE, "reject": Answer.REJECT}
_TITLE = re.compile(r"sluice (approve|reject) ([0-9a-f]{64})")
_COMMENT = re.compile(r"/sluice (approve|reject) ([0-9a-f]{64})")
_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
_STATES = {"approved": Answer.APPROVE, "rejected": Answer.REJECT}

WORKFLOWS = ".github/workflows/"
"""Where workflows are, from the root of a repository."""


@dataclass(frozen=True, slots=True)
class Word:
    """An answer to a release request, as the code host shows it.

    ``created`` is when it was given by the host's clock, at the earliest.
    """

    place: str
    request: Digest
    answer: Answer
    account: Account
    created: datetime
    url: str
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody's word is no answer, for a person.

    ``may_change`` says that it may become one: it is worth looking at again.
    """

    reason: str
    may_change: bool = False


_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.ya?ml")


def is_workflow(path: str) -> bool:
    """Whether *path* may be that of a workflow's file."""
    name = path.removeprefix(WORKFLOWS)
    return name != path and _FILE.fullmatch(name) is not None


def place_of_run(number: int) -> str:
    """Where an answer is that is the run *number*."""
    return f"run/{number}"


def place_of_comment(number: int) -> str:
    """Where an answer is that is the comment *number*."""
    return f"comment/{number}"


def place_of_review(run: int, account: int, request: Digest) -> str:
    """Where an answer is that is somebody's review of a run."""
    return f"review/{run}/{account}/{request.hex[:16]}"


def parse_title(title: str) -> tuple[Answer, Digest] | None:
    """What the title of a run says; None for nothing."""
    return _parse(_TITLE, title)


def parse_body(body: str) -> tuple[Answer, Digest] | None:
    """What a comment says; None for nothing."""
    return _parse(_COMMENT, body)


def answer_of(review: EnvironmentReview) -> Answer | None:
    """What a review says; None while nobody has said anything."""
    return _STATES.get(review.state)


def requests_in(comment: str) -> tuple[Digest, ...]:
    """The ids of requests that the comment of a review names, each once."""
    return tuple(map(Digest, dict.fromkeys(_ID.findall(comment))))


def is_repository(name: str, address: str) -> bool:
    """Whether *address*, which Git has of a remote, is of the repository *name*.

    Hosts are not compared: what reaches one by SSH may be called anything.
    """
    plain = address.strip().rstrip("/").casefold().removesuffix(".git")
    parts = re.split(r"[/:\\]+", plain)
    return len(parts) > 1 and "/".join(parts[-2:]) == name.casefold()


def _parse(pattern: re.Pattern[str], text: str) -> tuple[Answer, Digest] | None:
    found = pattern.fullmatch(text)
    return None if found is None else (_ANSWERS[found[1]], Digest(found[2]))


def require_account(account: Account | None) -> Account:
    """Somebody who said something.

    Raises:
        IntegrityError: nobody is known to have.
    """
    if account is None:
        raise IntegrityError("nobody is known to have said it: the account is gone")
    return account
