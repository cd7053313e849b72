"""The log's signing key."""

from typing import Protocol


class Signer(Protocol):
    """Signs checkpoints. The private key never leaves it."""

    def vkey(self) -> str:
        """The public key as a C2SP verifier key, ``name+hex8+base64``."""
        ...

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature of *message*, 64 bytes."""
        ...
