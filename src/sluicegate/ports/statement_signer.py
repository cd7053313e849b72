"""People's signatures under statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class StatementSigner(Protocol):
    """Signs with a key of the person at this machine."""

    def sign(self, message: bytes, namespace: str) -> str:
        """Sign *message* for *namespace*; an SSH signature in its armor.

        May ask the person: for a passphrase, for a touch of a hardware key.

        Raises:
            UsageError: there is no key to sign with, or the person did not want to.
            PermanentError: the program that signs is missing or fails.
        """
        ...


class SignatureChecker(Protocol):
    """Verifies signatures of people."""

    def principals(
        self,
        message: bytes,
        signature: str,
        *,
        namespace: str,
        at: datetime,
        signers: Sequence[str],
    ) -> Sequence[str]:
        """Whose signature of *message* it is, all their names; never none.

        Args:
            message: the bytes that were signed.
            signature: in its armor.
            namespace: what it must be for.
            at: when it was made: the key must have been valid then.
            signers: lines of ``allowed_signers`` that name the key.

        Raises:
            IntegrityError: it is not the signature of anybody among *signers*; says
                what is wrong with it.
            PermanentError: the program that verifies is missing or cannot be run.

        Source:
            ssh-keygen(1), "ALLOWED SIGNERS".
        """
        ...
