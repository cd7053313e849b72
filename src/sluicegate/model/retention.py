"""How long a store keeps what was written, in four honest words."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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


def add_days(at: datetime, days: int) -> datetime:
    """The moment *days* after *at*, or the last or the first that can be written.

    A log may say any number of days: whoever has its key writes what they like.
    """
    try:
        return at + timedelta(days=days)
    except OverflowError:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return last if days > 0 else first


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


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store keeps of a log, as it was found.

    ``files`` are there, ``missing`` are not or were changed. ``earliest`` is the first
    date on which the store lets go of one, ``least_days`` the fewest days that it keeps
    any of them after the newest entry that needs it; both None where it sets no dates.
    ``undated`` counts the files without one.
    """

    promise: Promise
    files: int
    missing: int
    earliest: datetime | None
    least_days: int | None
    undated: int


@dataclass(frozen=True, slots=True)
class Retention:
    """What a log keeps and for how long, as it was found at ``now``.

    Entries before ``min_index`` were pruned. ``silence`` is the longest time without
    any entry, from ``silent_since`` on; the time since the newest entry counts.
    """

    promised_days: int
    size: int
    min_index: int
    oldest_ts: datetime | None
    newest_ts: datetime | None
    now: datetime
    silence: timedelta
    silent_since: datetime | None
    holds: tuple[str, ...]
    log: Kept
    evidence: Kept | None

    @property
    def age_days(self) -> int:
        """How many whole days back the oldest entry is that can be read."""
        if self.oldest_ts is None:
            return 0
        return max(0, (self.now - self.oldest_ts) // timedelta(days=1))

    @property
    def is_damaged(self) -> bool:
        """Whether something is missing that should be there."""
        stores = (self.log, self.evidence)
        return any(kept is not None and kept.missing for kept in stores)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the promise is not kept: what is missing, what goes too early."""
        found = []
        for name, kept in (("log", self.log), ("evidence", self.evidence)):
            if kept is None:
                continue
            if kept.missing:
                what = "bundle" if name == "log" else "file"
                number = f"1 {what}" if kept.missing == 1 else f"{kept.missing} {what}s"
                verb = "is" if kept.missing == 1 else "are"
                found.append(f"{number} of the {name} {verb} missing")
            if kept.least_days is not None and kept.least_days < self.promised_days:
                found.append(
                    f"the store of the {name} keeps a file for {kept.least_days} days"
                    f" only, and {self.promised_days} are promised"
                )
            if kept.promise.keeping is Keeping.ENFORCED and kept.undated:
                found.append(
                    f"{kept.undated} files of the {name} have no date, so that nothing"
                    " enforces that they are kept"
                )
        return tuple(found)
