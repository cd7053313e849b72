"""How long a store keeps what was written, in four honest words."""

import enum
from dataclasses import dataclass


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
