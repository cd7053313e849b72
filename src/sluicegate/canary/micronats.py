"""Log-evidence as whole numbers, which are recorded and count. Pure."""

from math import ceil, log

MICRONATS = 1_000_000
"""In a nat."""

MOST_MICRONATS = 2**53 - 1
"""What the audit log can hold: numbers of RFC 8785 are doubles."""


def threshold(chance: float) -> int:
    """The log of ``1 / chance`` in micronats, rounded up; *chance* in ``(0, 1)``."""
    return ceil(-log(chance) * MICRONATS)


def to_micronats(nats: float) -> int:
    """Round to micronats, within what the audit log can hold; not for NaN."""
    return round(max(-MOST_MICRONATS, min(MOST_MICRONATS, nats * MICRONATS)))
