"""How long a store keeps what was written, in four honest words."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_RETENTION_DAYS = 400
MIN_RETENTION_DAYS = 180
"""The floor. It is no half year: six calendar months are 181 to 184 days."""

SIX_MONTHS_DAYS = 184
"""The longest six calendar months there are."""

PRESETS: Mapping[str, int] = {
    "cert-in": 180,
    "eu-ai-act": SIX_MONTHS_DAYS,
    "pci-dss": 366,
    "hipaa": 2192,
}
"""Days by the rule that asks for them, rounded up to the longest that it can mean.

Source:
    CERT-In Directions of 28 April 2022, (iv): a rolling 180 days. Regulation (EU)
    2024/1689, Articles 19(1) and 26(6): at least six months. PCI DSS 4.0.1, 10.5.1: 12
    months. 45 CFR 164.316(b)(2)(i): six years.
"""


class Keeping(enum.Enum):
    """What stands between an entry and its loss, strongest first.

    Source:
        S3 Object Lock, https://docs.aws.amazon.com/AmazonS3/latest/userguide/
        object-lock.html (compliance and governance mode).
    """

    ENFORCED = "enforced"
    """Nobody can delete it before its date, the owner of the account included."""
    GUARDED = "guarded"
    """Deleting it takes a privilege that is not needed to write."""
    KEPT = "kept"
    """Nothing is scheduled to delete it; whoever can write can delete."""
    EXPIRES = "expires"
    """Something deletes it on a date."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a store promises of all its objects: a word, and a sentence with the why."""

    keeping: Keeping
    statement: str
