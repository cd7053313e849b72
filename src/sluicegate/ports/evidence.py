"""Files of evidence, kept by digest."""

from typing import Protocol

from sluicegate.model.digest import Digest


class EvidenceStore(Protocol):
    """Content-addressed files."""

    def keep(self, data: bytes) -> Digest:
        """Store *data* durably; storing the same bytes again changes nothing."""
        ...

    def load(self, digest: Digest) -> bytes:
        """Read a file back.

        Raises:
            IntegrityError: the file is missing or its bytes are not those of *digest*.
        """
        ...
