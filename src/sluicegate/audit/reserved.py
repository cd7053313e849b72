"""GPUs that an attempt has reserved, and what it used if it was cut off. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sluicegate.model.resources import gpu_ms

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Reserved:
    """``gpu`` GPUs for ``wall_ms`` milliseconds on the clock, from ``at`` on."""

    at: datetime
    gpu: int
    wall_ms: int

    @property
    def until(self) -> datetime:
        """When all of it is used up."""
        return self.at + self.wall_ms * _MS

    @property
    def gpu_ms(self) -> int:
        """GPU milliseconds in all."""
        return gpu_ms(self.gpu, self.wall_ms)

    def cut_off(self, moment: datetime) -> "Reserved":
        """What the attempt has used at most if it ended by *moment*."""
        passed = (min(moment, self.until) - self.at) // _MS
        return Reserved(self.at, self.gpu, max(passed, 0))
