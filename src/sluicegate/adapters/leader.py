"""The program that leads a process group: whether it has ended, and what is left.

Linux tells of its end without reaping it, so that its number stays taken until nobody
of the group is left. Elsewhere it is reaped when it has ended. Its number stays taken
by the group all the same while others are in it; if nobody is, a stranger could get it
between that and the last signal, some microseconds later.
"""

import os
import select
import subprocess  # noqa: TID251 - names the type of what process.py started
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from typing_extensions import override

from sluicegate.adapters.proc_files import living_of

if TYPE_CHECKING:  # there is none on Windows, where this module can be imported
    from resource import struct_rusage


class Leader(ABC):
    """A program that this process started, and that leads a group of its own."""

    look_seconds = 0.1
    """How often at least `has_exited` is to be asked."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = process.pid

    def fileno(self) -> int | None:
        """A descriptor that can be read once the program has ended, if there is one."""
        return None

    @abstractmethod
    def has_exited(self) -> bool:
        """Whether the program has ended."""

    def keeps_number(self) -> bool:
        """Whether its number is still its own: it was not reaped."""
        return True

    @abstractmethod
    def has_company(self) -> bool:
        """Whether others of its group live."""

    def reap(self) -> "tuple[int, struct_rusage]":
        """Wait for its end; its exit code, negative for a signal, and what it used."""
        _, status, used = os.wait4(self.pid, 0)
        return self._ended(status), used

    def _ended(self, status: int) -> int:
        # Also tells `Popen`, which would look for itself when it is thrown away.
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode

    @abstractmethod
    def close(self) -> None:
        """Let go of what was needed for watching."""


class WatchedLeader(Leader):
    """By a pidfd and ``/proc``: Linux 5.3 and newer."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Begin to watch.

        Raises:
            OSError: the kernel, or a container's rules, know no pidfd.
        """
        super().__init__(process)
        self._pidfd = os.pidfd_open(process.pid)
        self._exited = False

    @override
    def fileno(self) -> int:
        return self._pidfd

    @override
    def has_exited(self) -> bool:
        if not self._exited:
            poll = select.poll()
            poll.register(self._pidfd, select.POLLIN)
            self._exited = bool(poll.poll(0))
        return self._exited

    @override
    def has_company(self) -> bool:
        return bool(living_of(self.pid))

    @override
    def close(self) -> None:
        os.close(self._pidfd)


class PolledLeader(Leader):
    """By asking now and then: every POSIX system."""

    look_seconds = 0.01

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(process)
        self._end: tuple[int, struct_rusage] | None = None

    @override
    def has_exited(self) -> bool:
        if self._end is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._end = self._ended(status), used
        return self._end is not None

    @override
    def keeps_number(self) -> bool:
        return self._end is None

    @override
    def has_company(self) -> bool:
        # Zombies count here; at worst somebody waits for them until grace is over.
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    @override
    def reap(self) -> "tuple[int, struct_rusage]":
        if self._end is None:
            self._end = super().reap()
        return self._end

    @override
    def close(self) -> None:
        pass


def watch_leader(process: "subprocess.Popen[bytes]") -> Leader:
    """The best way there is here of watching *process*."""
    if hasattr(os, "pidfd_open") and os.path.exists("/proc/self/stat"):  # noqa: PTH110 - for every program: fast
        with suppress(OSError):
            return WatchedLeader(process)
    return PolledLeader(process)
