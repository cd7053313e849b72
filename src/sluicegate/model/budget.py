"""What may be used of something in a period of time.

Periods are those of the calendar in UTC, so that everybody can say when one ends: a day
begins at midnight, a week on Monday.

Source:
    ISO 8601 (the week begins on Monday).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@enum.unique
class Period(enum.Enum):
    """A calendar period in UTC."""

    DAY = "day"
    WEEK = "week"

    @property
    def word(self) -> str:
        """The one that is now, in words."""
        return "today" if self is Period.DAY else "this week"

    def start(self, now: datetime) -> datetime:
        """When the period began that *now* (UTC) is in."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Period.DAY:
            return midnight
        return midnight - timedelta(days=midnight.weekday())

    def end(self, now: datetime) -> datetime:
        """When the next one begins."""
        return self.start(now) + timedelta(days=1 if self is Period.DAY else 7)


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many runs, and how many minutes of GPUs, there may be in each period.

    What is not named is not limited.
    """

    runs: Mapping[Period, int] = field(default_factory=dict)
    gpu_minutes: Mapping[Period, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return bool(self.runs or self.gpu_minutes)
