"""Signing keys by the names of their logs."""

from typing import Protocol

from sluicegate.errors import UsageError
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
        """Make a new key called *name*, or take the one that was prepared.

        Raises:
            TransientError: there is one already.
            ExternalError: it cannot be kept.
        """
        ...

    def where(self, name: str) -> str:
        """Where the key called *name* is kept, for a person."""
        ...

    def given(self) -> Signer | None:
        """The key that this process alone was given, whatever its name; mostly none."""
        return None

    def find_key(self, vkey: str) -> Signer | None:
        """The key *vkey*: in use, left, or made and not used yet; None if it is gone.

        Raises:
            as for `find`.
        """
        found = self.find(vkey.partition("+")[0])
        return found if found is not None and found.vkey() == vkey else None

    def prepare(self, name: str) -> Signer:
        """A key to be the one called *name*, now or later: the same until it is.

        Raises:
            UsageError: this keyring can make none.
            ExternalError: it cannot be kept.
        """
        raise UsageError(
            f"the key in {self.where(name)} cannot be rotated from here",
            hint="`sluice audit keys rotate` works where the key file is",
        )

    def advance(self, vkey: str) -> None:
        """Let the prepared key *vkey* be the one that `find` finds; keep the old one.

        Nothing happens if it is that already.

        Raises:
            ExternalError: it may not be.
        """

    def where_key(self, vkey: str) -> str | None:
        """Where the key *vkey* is kept, for a person; None if it is not here."""
        name = vkey.partition("+")[0]
        return self.where(name) if self.find_key(vkey) is not None else None
