"""Where the log and the evidence live. Two ports, for two different guarantees."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sluicegate.model.retention import Promise


class ObjectStore(Protocol):
    """Named objects, durable once ``put`` returns.

    Names are relative, ``/``-separated, of characters ``[a-z0-9._-]``, without ``.`` or
    ``..`` parts.
    """

    def get(self, name: str) -> bytes | None:
        """Read an object, or None if there is none.

        Raises:
            IntegrityError: the name leads through a symbolic link.
            ExternalError: the store cannot be read.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write an object whole or not at all, and make it durable.

        Raises:
            ExternalError: the object may not be durable. Do not retry in this process:
                after a failed fsync the page cache can lie.
        """
        ...

    def drop(self, name: str) -> None:
        """Remove an object that nobody needs any more, if it is there."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names of all objects that start with *prefix*, sorted."""
        ...


class LogStore(Protocol):
    """The files of one log, and its checkpoint, which is the commit point.

    Names are those of an `ObjectStore`; the checkpoint is called ``checkpoint``. What
    ends within the committed size never changes; what lies beyond it is a leftover of
    a crash, means nothing and may be replaced. Which is which is the caller's rule, as
    is the content: a store knows names and bytes.
    """

    def get(self, name: str) -> bytes | None:
        """Read a file as it was committed, or None if there is none.

        Raises:
            IntegrityError: the name leads elsewhere, or several versions disagree.
            ExternalError: the store cannot be read.
        """
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names of all files that start with *prefix*, sorted."""
        ...

    def load(self) -> bytes | None:
        """The committed checkpoint now, or None in a log that was never written.

        Raises:
            ExternalError: the store cannot be read.
        """
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out while in the context, waiting for them first.

        A store whose `commit` settles races without a lock lets everybody in.

        Raises:
            PermanentError: the store should lock and cannot.
        """
        ...

    def commit(
        self, old: bytes | None, files: Sequence[tuple[str, bytes]], new: bytes
    ) -> None:
        """Write *files* in their order, then the checkpoint *new*; durable on return.

        Only if the checkpoint still is *old*. Called within `exclusive`.

        Raises:
            TransientError: another writer was faster, and nothing is committed: load
                the checkpoint again, plan anew, try again.
            IntegrityError: a committed file is not what it was.
            ExternalError: whether *new* is committed is unknown: load it again.
        """
        ...

    def keep_for(self, days: int) -> None:
        """Keep what is committed from now on for *days* at least, if the store can.

        Never for less than what was committed before; who says nothing goes on with
        that.
        """
        _ = days  # only a store that locks what is written has anything to do

    def attach(self, name: str, data: bytes) -> None:
        """Keep a small file beside the log that is no part of it and may be replaced.

        Cosigned checkpoints, the published retention policy. `get` reads it.

        Raises:
            ExternalError: it may not be kept.
        """
        ...

    def drop(self, names: Sequence[str]) -> None:
        """Remove files that nobody needs any more; those that are not there are fine.

        Within `exclusive`. A store that may not delete (a lock, a date) leaves them
        where nobody reads them for what they are not: partial files stay harmless.

        Raises:
            ExternalError: they may be there still.
        """
        ...

    def promise(self) -> Promise:
        """What this store truthfully promises of what is in it.

        Raises:
            ExternalError: it cannot be asked.
        """
        ...

    def expiry(self, name: str) -> datetime | None:
        """Until when the store itself keeps a file; None if it sets no date.

        Raises:
            ExternalError: it cannot be asked.
        """
        ...

    def hold(self, names: Sequence[str], *, on: bool) -> bool:
        """Place a legal hold on files, or lift it; False if the store has none.

        Raises:
            ExternalError: it may not be placed or lifted on all of them.
        """
        ...

    def inspect(self, size: int) -> Iterator[str]:
        """What is wrong with how the store keeps a log of *size*: a sentence each.

        What the bytes themselves cannot tell: more than one version of a file, a
        delete marker, a date too early.

        Raises:
            ExternalError: it cannot be asked.
        """
        ...
