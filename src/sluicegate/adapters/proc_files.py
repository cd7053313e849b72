"""What Linux tells of running processes, in ``/proc``.

Everything here is asked of processes that may end meanwhile, or belong to others: what
cannot be told is None, or left out, and no error. Where there is no ``/proc``, as on
macOS, that is everything.

Source:
    proc_pid_stat(5), proc_pid_status(5), proc_pid_io(5), proc_tid_children(5).
"""

import io
import os
from contextlib import suppress
from dataclasses import dataclass

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 10.0
_AFTER_NAME = 3  # the first of the fields of stat(5) that come after the name
_GROUP, _USER_TIME = 5 - _AFTER_NAME, 14 - _AFTER_NAME
_DEEPEST = 64
_MOST_BYTES = 4096  # of io(5), which takes some hundred


@dataclass(frozen=True, slots=True)
class Transferred:
    """Bytes that a process, and those it has waited for, had storage read and write.

    The kernel counts what goes to and comes from block devices and network file
    systems, a write when a page is made dirty. What it had in its cache, files in
    memory (tmpfs), pipes and sockets do not count.
    """

    read_bytes: int
    write_bytes: int

    def __add__(self, other: "Transferred") -> "Transferred":
        return Transferred(
            self.read_bytes + other.read_bytes, self.write_bytes + other.write_bytes
        )


def living_of(group: int) -> list[int]:
    """The process IDs of those of the process group *group* that live.

    Zombies must be told from the living: in a container whose first process does not
    reap, an orphan stays in its group for ever.
    """
    names = os.listdir("/proc")  # noqa: PTH208 - at the end of every program: fast
    stats = ((int(name), _stat(int(name))) for name in names if name.isdigit())
    return [
        pid
        for pid, stat in stats
        if stat and stat[0] not in b"ZX" and int(stat[_GROUP]) == group
    ]


def descendants_of(pid: int) -> list[int]:
    """*pid* and the processes that came from it, but those that it has lost."""
    found, level = [pid], [pid]
    for _ in range(_DEEPEST):
        level = [child for parent in level for child in _children_of(parent)]
        if not level:
            break
        found += level
    return found


def peak_memory_of(pid: int) -> int | None:
    """The largest resident set, in bytes, that *pid* has had since its last exec."""
    text = _read(f"/proc/{pid}/status")
    if text is None:
        return None
    _, found, rest = text.partition(b"\nVmHWM:")
    return int(rest.split(None, 1)[0]) * 1024 if found else None


def cpu_ms_of(pid: int) -> float | None:
    """Milliseconds of processors that *pid*, and those it has waited for, took."""
    stat = _stat(pid)
    if stat is None:
        return None
    return sum(map(int, stat[_USER_TIME : _USER_TIME + 4])) * _TICK_MS


def transferred_by(pid: int) -> Transferred | None:
    """What the living *pid* had storage read and write."""
    return _transferred(_read(f"/proc/{pid}/io"))


class TransferCount:
    """What the living *pid* has had storage read and write, for as long as it is known.

    Who has ended belongs to root in ``/proc``, so that no other user can open it there
    any more. Who has opened it before may read it until it is reaped.
    """

    def __init__(self, pid: int) -> None:
        self._path = f"/proc/{pid}/io"
        self._file: io.FileIO | None = None
        self.open()

    def open(self) -> None:
        """Open it, if that has not been possible before.

        Who has just begun a program may, for a moment, still be as closed as this
        process is.
        """
        if self._file is None:
            with suppress(OSError):
                self._file = open(self._path, "rb", buffering=0)  # noqa: PTH123, SIM115 - for every program: fast; see `close`

    def read(self) -> Transferred | None:
        """What it is by now; None if that cannot be told."""
        self.open()
        if self._file is None:
            return None
        try:
            return _transferred(os.pread(self._file.fileno(), _MOST_BYTES, 0))
        except OSError:
            return None

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()


def _transferred(text: bytes | None) -> Transferred | None:
    if text is None:
        return None
    counts = dict(line.split(b": ") for line in text.splitlines())
    try:
        return Transferred(int(counts[b"read_bytes"]), int(counts[b"write_bytes"]))
    except KeyError:
        return None


def _children_of(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - often: fast
    except OSError:
        return []
    found = (_read(f"/proc/{pid}/task/{thread}/children") for thread in threads)
    return [int(child) for children in found for child in (children or b"").split()]


def _stat(pid: int) -> list[bytes] | None:
    text = _read(f"/proc/{pid}/stat")
    # The name, in parentheses, may hold anything.
    return None if text is None else text.rpartition(b")")[2].split()


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - often: fast
            return file.read()
    except OSError:
        return None
