"""Which Git ref a log lives in, as a person writes it after ``git:``."""

import re
from dataclasses import dataclass

from typing_extensions import override

from sluicegate.errors import UsageError
from sluicegate.model.credential import is_secret_value

DEFAULT_REF = "refs/heads/sluicegate-audit"
HERE = "."
"""The remote that is none: the repository of the project itself."""

_MAX_LENGTH = 200
_PART = r"(?!\.)(?!@(?:/|$))[^\x00-\x20\x7f~^:?*\[\\/]+(?<!\.)(?<!\.lock)"
_REF = re.compile(rf"refs(?:/{_PART}){{2,}}")
_NEVER = ("..", "@{", "//")
_EXAMPLE = f"write git:{DEFAULT_REF} or git:https://host/log.git#{DEFAULT_REF}"


@dataclass(frozen=True, slots=True)
class GitAddress:
    """``remote`` is a URL, a path, the name of a remote or `HERE`.

    None is the remote called origin where the repository has one, else `HERE`.
    """

    remote: str | None
    ref: str

    @classmethod
    def parse(cls, place: str) -> "GitAddress":
        """Read ``REF``, ``REMOTE`` or ``REMOTE#REF``; nothing is the default ref.

        Raises:
            UsageError: it is none of these, or holds a password.

        Source:
            git-check-ref-format(1), rules 1 and 3 to 10.
        """
        remote, mark, ref = place.strip().rpartition("#")
        if not mark and (not ref or ref.startswith("refs/")):
            remote = ""
        elif not mark:
            remote, ref = ref, ""
        ref = ref or DEFAULT_REF
        if not _is_ref(ref):
            raise UsageError(
                f"{ref!r} is not the full name of a Git ref", hint=_EXAMPLE
            )
        if remote.startswith("-") or not remote.isprintable():
            raise UsageError(f"{remote!r} is no Git remote", hint=_EXAMPLE)
        if is_secret_value(remote):
            raise UsageError(
                "the address of the log's Git remote holds a credential",
                hint="leave it out; Git asks its credential helper for it",
            )
        return cls(remote or None, ref)

    @override
    def __str__(self) -> str:
        """As it is written after ``git:``."""
        return self.ref if self.remote is None else f"{self.remote}#{self.ref}"


def _is_ref(text: str) -> bool:
    return (
        len(text) <= _MAX_LENGTH
        and _REF.fullmatch(text) is not None
        and not any(part in text for part in _NEVER)
    )
