"""Files of evidence, kept by digest."""

from datetime import datetime
from typing import Protocol

from sluicegate.model.digest import Digest
from sluicegate.model.retention import Promise


class EvidenceStore(Protocol):
    """Content-addressed files."""

    def keep(self, data: bytes) -> Digest:
        """Store *data* durably; storing the same bytes again changes nothing.

        Raises:
            ExternalError: whether it is stored is unknown, or it never will be.
        """
        ...

    def load(self, digest: Digest) -> bytes:
        """Read a file back.

        Raises:
            MissingError: the file is not there.
            IntegrityError: its bytes are not those of *digest*.
            ExternalError: the store cannot be read: whether it is there is unknown.
        """
        ...

    def drop(self, digest: Digest, since: datetime) -> bool:
        """Remove a file that no entry names any more, unless it was kept since *since*.

        Returns:
            Whether it is gone now. A store that may not remove it yet, or where nothing
            is won by it, leaves it where it is.

        Raises:
            ExternalError: it may be there still.
        """
        ...

    def promise(self) -> Promise:
        """What this store truthfully promises of what is in it.

        Raises:
            ExternalError: it cannot be asked.
        """
        ...

    def expiry(self, digest: Digest) -> datetime | None:
        """Until when the store itself keeps a file; None if it sets no date.

        Raises:
            ExternalError: it cannot be asked.
        """
        ...
