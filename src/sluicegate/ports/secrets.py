"""Where secrets are kept."""

from collections.abc import Callable, Mapping
from typing import Protocol

from sluicegate.model.secret import FetchedSecret, Purpose


class SecretLogin(Protocol):
    """A login with a short life, for one attempt at one stage."""

    def fetch(self, path: str, field: str | None, version: str | None) -> FetchedSecret:
        """Read one secret.

        Args:
            path: where the provider keeps it.
            field: which part of it; None for the only one.
            version: which version of it; None for the newest.

        Raises:
            ExternalError: it is not there, or may not be read, or is empty; says why
                and what to do, without a secret.
        """
        ...

    def end(self) -> str | None:
        """Revoke it, so that nobody can use it any more. Ending twice is no error.

        Returns:
            None if it is revoked, or was never one; otherwise why it is not, and until
            when it lasts, in words for a person.
        """
        ...


class SecretProvider(Protocol):
    """Somebody who keeps secrets. May be used from any thread."""

    def login(self, purpose: Purpose) -> SecretLogin:
        """Log in, for *purpose*.

        Raises:
            ExternalError: no; says why and what to do, without a secret.
        """
        ...


GivenSecrets = Callable[[], Mapping[str, str]]
"""The secrets of a stage, by variable; asked for the first time, they are fetched.

May be called from any thread. Raises ExternalError: they cannot be fetched.
"""


def none_given() -> Mapping[str, str]:
    """No secret at all."""
    return {}
