"""Signing keys by the names of their logs."""

from typing import Protocol

from sluicegate.ports.signer import Signer


class Keyring(Protocol):
    """Keeps one signing key a log, away from the repository."""

    def find(self, name: str) -> Signer | None:
        """The key called *name*, or None if there is none.

        Raises:
            UsageError: others than its owner could read it.
            IntegrityError: it is there and is not a key of that name.
        """
        ...

    def create(self, name: str) -> Signer:
        """Make a new key called *name*.

        Raises:
            TransientError: there is one already.
            ExternalError: it cannot be kept.
        """
        ...

    def where(self, name: str) -> str:
        """Where the key called *name* is kept, for a person."""
        ...
