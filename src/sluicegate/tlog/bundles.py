"""Entry bundles: up to 256 entries in a file, each with its length before it.

Source:
    https://c2sp.org/tlog-tiles, "Log entries": ``uint16 length || entry``, big endian.
"""

from collections.abc import Sequence
from contextlib import suppress

from sluicegate.errors import IntegrityError

MAX_ENTRY_BYTES = 0xFFFF
"""The format's limit; our own, `audit.log.MAX_ENTRY_BYTES`, is lower."""


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """Join entries of at most 65,535 bytes each."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Split a bundle into exactly *width* entries.

    Raises:
        IntegrityError: there are fewer, or bytes are left over.
    """
    entries: list[bytes] = []
    at = 0
    with suppress(IndexError):  # it ends early, which the count tells
        for _ in range(width):
            start = at + 2
            at = start + (data[start - 2] << 8 | data[start - 1])
            entries.append(data[start:at])
    whole = len(entries) - (at > len(data))
    if whole < width:
        raise IntegrityError(f"the bundle ends inside entry {whole} of {width}")
    if at != len(data):
        raise IntegrityError(f"{len(data) - at} bytes follow the last entry")
    return entries
