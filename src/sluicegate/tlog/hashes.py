"""Hashes of a Merkle tree over log entries.

Source:
    RFC 6962 section 2.1 (the same in RFC 9162 section 2.1.1).
"""

from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """Hash one entry."""
    return sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash an inner node of two hashes of 32 bytes."""
    return sha256(b"\x01" + left + right).digest()
