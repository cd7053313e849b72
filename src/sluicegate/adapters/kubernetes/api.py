"""One namespace of one cluster: its objects are read, changed and awaited here.

Every change is conditional: on the resourceVersion that was looked at, on the fields'
owners (server-side apply), or on the name being free. So each can be repeated after a
lost answer, and none undoes what somebody else did in the meantime.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sluicegate.adapters.kubernetes.objects import Kind, Obj
from sluicegate.adapters.kubernetes.values import Fields

FIELD_MANAGER = "sluicegate"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """What a controller said of an object; *last* is when it last did."""

    is_warning: bool
    reason: str
    message: str
    count: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Reached:
    """The cluster that answered, and whom it takes us for."""

    version: str
    user: str
    groups: tuple[str, ...]


class Api(Protocol):
    """One namespace of one cluster, changed as field manager ``sluicegate``.

    Every method raises, besides what it says:
        ForbiddenError: our role lacks the verb on the resource in the namespace.
        UnauthorizedError: the login is refused, even after it was renewed.
        UnservedError: the kind is not installed, or in another version.
        TransientError: no usable answer within the bound, though it was tried again.
        PermanentError: the answer makes no sense, or the connection cannot be trusted.
        Interrupted: the process was asked to stop.
    """

    @property
    def cluster(self) -> str:
        """Which cluster it is, for messages: ``context prod``."""
        ...

    @property
    def namespace(self) -> str:
        """The namespace of all that is read and changed."""
        ...

    def get(self, kind: Kind, name: str) -> Obj | None:
        """The object as it is now (a quorum read), None if there is none."""
        ...

    def read(self, kind: Kind, name: str) -> Obj:
        """The object as it is now.

        Raises:
            AbsentError: there is none.
        """
        ...

    def list(
        self,
        kind: Kind,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> tuple[Obj, ...]:
        """All objects with these labels and fields, as they were at one instant."""
        ...

    def create(self, kind: Kind, name: str | None, fields: Fields) -> Obj:
        """Make an object. Reviews have no name, and are only answered.

        Raises:
            TakenError: the name is taken, perhaps by us, if an answer was lost.
            InvalidError: the cluster finds fault with it.
        """
        ...

    def apply(
        self,
        kind: Kind,
        name: str,
        fields: Fields,
        *,
        resource_version: str | None = None,
        take_over: Collection[str] = (),
        dry_run: bool = False,
    ) -> Obj:
        """Have *fields* and nothing else of ours in the object (server-side apply).

        What we applied before and is not in *fields* is no longer ours, and goes away
        unless somebody else has it. Fields of others are taken over only if every one
        who contests them is in *take_over*, and *resource_version* is given; that is
        told to the observer, and by `overridden`.

        Args:
            kind: the kind of object.
            name: its name; it is made if there is none and no *resource_version*.
            fields: all that we want to own, without apiVersion, kind, name.
            resource_version: change only the object that was looked at.
            take_over: field managers whose fields may become ours.
            dry_run: only say what would come of it.

        Raises:
            StaleError: it is not at *resource_version* any more.
            ContestedError: somebody else owns one of the fields, and says otherwise.
            AbsentError: *resource_version* is given, and there is no such object.
            InvalidError: the cluster finds fault with it.
        """
        ...

    def overridden(self) -> tuple[str, ...]:
        """What was taken over from others since this was asked last, in words."""
        ...

    def patch(
        self, kind: Kind, name: str, fields: Fields, *, resource_version: str
    ) -> Obj:
        """Set *fields* (JSON merge patch: null removes, lists are replaced whole).

        Raises:
            StaleError: it is not at *resource_version* any more.
            AbsentError: there is no such object.
            InvalidError: the cluster finds fault with it.
        """
        ...

    def patch_status(
        self, kind: Kind, name: str, fields: Fields, *, resource_version: str
    ) -> Obj:
        """Set *fields* (``{"status": ...}``) through the status subresource.

        Raises: as `patch`.
        """
        ...

    def delete(
        self,
        kind: Kind,
        name: str,
        *,
        uid: str,
        resource_version: str | None = None,
    ) -> None:
        """Delete that very object; nothing happens if it is gone already.

        Raises:
            StaleError: another object has the name, or it is not at that version.
        """
        ...

    def events_of(self, obj: Obj) -> tuple[Event, ...]:
        """What controllers said of *obj*, the latest last; of this one, by its UID."""
        ...

    def await_until(
        self,
        kind: Kind,
        name: str,
        until: Callable[[Obj | None], T | None],
        *,
        timeout_seconds: float,
    ) -> T | None:
        """What *until* says first other than None, or None if it does not in time.

        It is asked of the object as it is now, and of every state that is seen from
        then on, in their order and each once; None stands for no object. A state that
        lasts is never missed: a watch that is cut, or that fell too far behind, goes on
        with what is there. What *until* raises goes through.
        """
        ...

    def reached(self) -> Reached:
        """The server's version, and who we are there."""
        ...

    def allows(
        self, verb: str, kind: Kind, *, name: str | None = None, subresource: str = ""
    ) -> bool:
        """Whether our role may do *verb* here (SelfSubjectAccessReview)."""
        ...

    def finishing(self) -> AbstractContextManager[None]:
        """Ask, though the process was asked to stop: each once, and not for long.

        For what has to be given back. Of all threads, while in the context.
        """
        ...

    def close(self) -> None:
        """Let go of the connections and of what was written for them."""
        ...
