"""What can go wrong with a cluster, and what to do about it, in one sentence each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.errors import PermanentError, TransientError


class StaleError(TransientError):
    """The object is another one than was looked at: nothing was changed.

    Look again and decide again; never repeat the change as it was.
    """


class TakenError(TransientError):
    """What was to be made is there already: nothing was changed. Look again."""


class AbsentError(PermanentError):
    """What was to be changed is not there."""


class UnservedError(PermanentError):
    """The cluster does not serve this kind, or not in this version."""


class InvalidError(PermanentError):
    """The cluster finds fault with what was sent."""


class UnauthorizedError(PermanentError):
    """The cluster does not know who we are."""


class ForbiddenError(PermanentError):
    """The cluster knows who we are, and does not let us."""

    def __init__(
        self, message: str, *, verb: str, resource: str, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.verb, self.resource = verb, resource


@dataclass(frozen=True, slots=True)
class Claim:
    """*manager* owns *field* (``.spec.rules``), which we wanted to set."""

    manager: str
    field: str


class ContestedError(PermanentError):
    """Fields that we were to set are somebody else's: nothing was changed."""

    def __init__(
        self, message: str, *, claims: Sequence[Claim], hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.claims = tuple(claims)
