"""Shared policies that a file extends: beside it, or pinned in another repository."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from sluicegate.model.credential import is_secret_value
from sluicegate.stages.environment import Commit
from sluicegate.stages.notify import SECRET
from sluicegate.stages.stage import Settings

_SCHEMES = ("https", "ssh", "file")
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!/?/)\S+")
_DIGEST = r"^sha256:[0-9a-f]{64}$"
MAX_POLICIES = 10
_WRITE = "write https://host/policies.git, ssh://git@host/policies.git or /a/path"


def _check_url(value: str) -> str:
    if value.startswith("-") or not value.isprintable() or set(" \\") & set(value):
        raise ValueError(f"is no address of a Git repository: {_WRITE}")
    if "::" in value or not (
        value.startswith("/")
        or _SCP.fullmatch(value)
        or value.partition("://")[0] in _SCHEMES
    ):
        raise ValueError(f"only https, ssh, file and whole paths are read: {_WRITE}")
    if "://" in value:
        _check_parts(value)
    return value


def _check_parts(value: str) -> None:
    try:
        parts = urlsplit(value)
        login = parts.netloc.rpartition("@")[0]
    except ValueError:
        raise ValueError(f"is no address: {_WRITE}") from None
    if is_secret_value(value) or ":" in login or (login and parts.scheme != "ssh"):
        raise PydanticCustomError(
            SECRET,
            "holds a credential; leave it out: Git asks its credential helper for it",
        )
    host = parts.netloc.rpartition("@")[2]
    if host.startswith("-") or login.startswith("-"):
        raise ValueError(f"is no address of a Git repository: {_WRITE}")
    if parts.query or parts.fragment or (parts.scheme != "file" and not host):
        raise ValueError(f"is no address of a Git repository: {_WRITE}")


def _check_digest(value: str) -> str:
    if not re.fullmatch(_DIGEST, value):
        raise ValueError("must be sha256: and the 64 digits that `sha256sum` prints")
    return value


def _check_inside(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("must be a path inside that repository, from its root")
    return _check_path(value)


def _check_path(value: str) -> str:
    if value.startswith(("/", "~", "-", ":")) or "\\" in value or "//" in value:
        raise ValueError("must be a path relative to this file, like policy/org.yaml")
    if not value.isprintable() or PurePosixPath(value).name in ("", ".."):
        raise ValueError("must name a file")
    return value


class PinnedPolicy(Settings):
    """A policy in another repository: this commit, and these bytes."""

    git: Annotated[str, AfterValidator(_check_url)] = Field(
        description="The repository: https, ssh, file, or a whole path; without a"
        " password."
    )
    commit: Commit = Field(description="The whole id of a commit.")
    path: Annotated[str, AfterValidator(_check_inside)] = Field(
        description="The file, from the root of that repository."
    )
    digest: Annotated[
        str,
        AfterValidator(_check_digest),
        Field(json_schema_extra={"pattern": _DIGEST}),
    ] = Field(description="SHA-256 of the file, like sha256:9f86d0...")


PolicyPath = Annotated[str, AfterValidator(_check_path)]
"""A policy in the same repository, relative to the file that names it."""


def _tell(value: Any) -> str:  # noqa: ANN401 - pydantic hands over anything
    return "a path" if isinstance(value, str) else "a pin"


Extended = PolicyPath | PinnedPolicy

_One = Annotated[
    Annotated[PolicyPath, Tag("a path")] | Annotated[PinnedPolicy, Tag("a pin")],
    Discriminator(_tell),
]


def _spell_out(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """One policy is short for a list of one."""
    is_many = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(value) if is_many else (value,)


class Extending(Settings):
    """What a file extends."""

    extends: Annotated[
        tuple[_One, ...],
        BeforeValidator(_spell_out, json_schema_input_type=_One | tuple[_One, ...]),
        Field(max_length=MAX_POLICIES),
    ] = Field(
        (),
        description="Shared policies, all of which must be satisfied, too: a path"
        " relative to this file, or {git, commit, path, digest}; or a list.",
    )
