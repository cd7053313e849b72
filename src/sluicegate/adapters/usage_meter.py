"""What a program and all that it started took: memory, processors, storage.

The kernel adds up what a process took with what those took that it has waited for, and
hands that on when it is reaped. Three things are missing there, and looked at here:

- The memory. What the kernel calls a process's peak begins with the peak of whoever
  started it, which is us (exec(2) keeps ``ru_maxrss``). Up to that it says nothing, and
  a few looks at the program while it runs say it, often at first and then less.
- Those who are ended because the time is over, and those who outlive the program:
  nobody waits for them. They are looked at right before.
- What storage was asked for, which is told of a process until it is reaped.
"""

import os
import sys
import time
from typing import TYPE_CHECKING

from sluicegate.adapters.proc_files import (
    TransferCount,
    Transferred,
    cpu_ms_of,
    descendants_of,
    living_of,
    peak_memory_of,
    transferred_by,
)
from sluicegate.model.command import ResourceUsage

if TYPE_CHECKING:  # there is none on Windows, where this module can be imported
    from resource import struct_rusage

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes
_FIRST_LOOK_SECONDS = 0.001
_LONGEST_PAUSE_SECONDS = 1.0


class UsageMeter:
    """Measures the process group *pid*, whose leader has just begun its program."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._started = time.monotonic()
        self._floor = _inherited_peak()
        self._peak: int | None = None
        self._surveyed_cpu_ms = 0.0
        self._surveyed: Transferred | None = None
        self._count = TransferCount(pid)  # it may not be opened once it has ended
        self._transferred: Transferred | None = None
        # What is seen at once is not the program yet.
        self._due = self._started + _FIRST_LOOK_SECONDS

    def pause_seconds(self, longest: float) -> float:
        """How long nobody has to `look`; at most *longest*."""
        return max(0.0, min(longest, self._due - time.monotonic()))

    def look(self) -> None:
        """See how much memory is used, if it is time to. The leader is not reaped."""
        now = time.monotonic()
        if now < self._due:
            return
        self._count.open()
        if self._floor is not None:
            for pid in descendants_of(self._pid):
                self._see_memory(pid)
        elapsed = now - self._started
        self._due = now + min(elapsed + _FIRST_LOOK_SECONDS, _LONGEST_PAUSE_SECONDS)
        if self._floor is None or (self._peak or 0) > self._floor:
            self._due = float("inf")  # the kernel knows the rest

    def survey(self) -> None:
        """Look at everybody who is about to be ended, and whom nobody may wait for."""
        if self._floor is None:
            return
        members = {self._pid, *living_of(self._pid)}
        for pid in members:
            self._see_memory(pid)
            self._surveyed_cpu_ms += cpu_ms_of(pid) or 0.0
        found = {pid: transferred_by(pid) for pid in members - {self._pid}}
        found[self._pid] = self._count.read()
        if found[self._pid] is not None:  # else it would be a part of the whole
            known = (each for each in found.values() if each is not None)
            self._surveyed = sum(known, start=Transferred(0, 0))

    def see_end(self) -> None:
        """Look at the leader, whose number is still its own, for the last time."""
        self._transferred = self._count.read()

    def close(self) -> None:
        """Let go of what was needed for measuring."""
        self._count.close()

    def total(self, wall_seconds: float, used: "struct_rusage") -> ResourceUsage:
        """What it all took. *used* is what the kernel says of the leader.

        Somebody who was surveyed may have been waited for after all: the larger of both
        sums counts nobody twice.
        """
        cpu_ms = max((used.ru_utime + used.ru_stime) * 1000, self._surveyed_cpu_ms)
        both = [each for each in (self._surveyed, self._transferred) if each]
        return ResourceUsage(
            wall_ms=round(wall_seconds * 1000),
            cpu_ms=round(cpu_ms),
            max_rss_bytes=self._peak_memory(used.ru_maxrss * _RSS_UNIT),
            read_bytes=max((each.read_bytes for each in both), default=None),
            write_bytes=max((each.write_bytes for each in both), default=None),
        )

    def _peak_memory(self, told: int) -> int | None:
        """The larger of what the kernel tells, if it is the program's, and what we saw.

        Source:
            getrusage(2): ``ru_maxrss`` is in KiB on Linux, in bytes on macOS.
        """
        if self._floor is None or told > self._floor:
            return max(told, self._peak or 0)
        return self._peak

    def _see_memory(self, pid: int) -> None:
        peak = peak_memory_of(pid)
        if peak is not None:
            self._peak = max(peak, self._peak or 0)


def _inherited_peak() -> int | None:
    """Up to where the kernel's peak of a program that we start may be our own.

    The kernel adds counters of several processors up with an error: hence some more.
    """
    own = peak_memory_of(os.getpid())
    return None if own is None else own + own // 16
