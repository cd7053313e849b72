"""ULIDs: 48 bits of time and 80 random bits, in an order that is that of time.

Source:
    https://github.com/ulid/spec (canonical spec): Crockford's base 32, 26 characters.
"""

import re

from sluicegate.errors import UsageError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_RANDOM_BITS = 80
_LENGTH = 26

FORM = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def format_ulid(unix_ms: int, random: bytes) -> str:
    """Write a ULID.

    Args:
        unix_ms: milliseconds since 1970, below 2**48.
        random: 10 bytes from a cryptographic source.

    Raises:
        UsageError: an argument is out of its range.
    """
    if not 0 <= unix_ms < 1 << 48 or len(random) * 8 != _RANDOM_BITS:
        raise UsageError("a ULID needs 48 bits of time and 80 random bits")
    number = unix_ms << _RANDOM_BITS | int.from_bytes(random)
    return "".join(
        _ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH))
    )


def is_meant(ulid: str, text: str) -> bool:
    """Whether *text* is *ulid*, or its beginning or end: what a person types of one."""
    wanted = text.upper()
    return bool(wanted) and (ulid.startswith(wanted) or ulid.endswith(wanted))


def parse_ulid(text: str) -> int:
    """The number that *text*, which matches `FORM`, stands for; below 2**128."""
    return int(text.translate(_DIGITS), base=32)
