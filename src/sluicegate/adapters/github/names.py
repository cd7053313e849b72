"""Names that become parts of an address at GitHub. Pure.

What is asked for is often what somebody has written: nothing of it may lead to another
place than the one that is meant.
"""

import re
from urllib.parse import quote

from sluicegate.errors import UsageError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine: what is sent there needs no encryption."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORKFLOW = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}\.ya?ml")
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(\[bot\])?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.\.?\Z)[A-Za-z0-9_.-]{1,100}")


def is_repository(name: str) -> bool:
    """Whether *name* is an ``owner/name``."""
    return _REPOSITORY.fullmatch(name) is not None


def is_login(login: str) -> bool:
    """Whether *login* can be the name of an account."""
    return _LOGIN.fullmatch(login) is not None


def check_commit(commit: str) -> str:
    """*commit*.

    Raises:
        UsageError: it is not the full name of one.
    """
    if not _COMMIT.fullmatch(commit):
        raise UsageError(f"{commit!r} is not the full name of a commit")
    return commit


def check_workflow(workflow: str) -> str:
    """*workflow*.

    Raises:
        UsageError: it is not the name of a workflow's file.
    """
    if not _WORKFLOW.fullmatch(workflow):
        raise UsageError(
            f"{workflow!r} is not the name of a workflow's file",
            hint="the name of a file in .github/workflows, like approve.yml",
        )
    return workflow


def quote_path(path: str) -> str | None:
    """The path of a file as a part of an address; None if no file can have it."""
    parts = path.split("/")
    if {"", ".", ".."} & set(parts):
        return None
    return "/".join(quote(part, safe="") for part in parts)
