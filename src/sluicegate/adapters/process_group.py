"""A running program and everything it started, as one thing to watch and to end."""

import enum
import os
import selectors
import signal
import subprocess  # noqa: TID251 - names the type of what process.py started
import time
from contextlib import suppress
from dataclasses import dataclass
from resource import struct_rusage

from sluicegate.adapters.stop import Stop
from sluicegate.errors import PermanentError
from sluicegate.ports.process import OnLine

_MAX_CAPTURE_BYTES = 8 * 1024 * 1024
_MAX_LINE_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_DRAIN_SECONDS = 1.0  # for output of a descendant that escaped and keeps writing
_LOOK_SECONDS = 0.1  # how often the request to stop is looked at


@enum.unique
class Ending(enum.Enum):
    """Why watching a group came to its end."""

    EXITED = enum.auto()
    TIMED_OUT = enum.auto()
    STOPPED = enum.auto()


@dataclass(frozen=True, slots=True)
class End:
    """How the leader of a group ended. Output is cut to its last 8 MiB each."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    wall_seconds: float
    used: struct_rusage


class _Output:
    """One pipe: keeps the end of what comes, and tells of each line."""

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._tail = bytearray()
        self._line = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes; none means the end."""
        self._tail += data
        if len(self._tail) > 2 * _MAX_CAPTURE_BYTES:
            del self._tail[:-_MAX_CAPTURE_BYTES]
        self._line += data
        *lines, rest = self._line.split(b"\n")
        self._line = rest
        for line in lines:
            self._tell(line)
        if self._line and (not data or len(self._line) > _MAX_LINE_BYTES):
            self._tell(self._line)
            self._line = bytearray()

    def tail(self) -> bytes:
        return bytes(self._tail[-_MAX_CAPTURE_BYTES:])

    def _tell(self, line: bytearray) -> None:
        self._on_line(line.decode(errors="replace").rstrip("\r"))


class ProcessGroup:
    """Watches a program that leads a process group, and ends the group.

    The leader is not reaped before everything else is over: until then the kernel
    cannot give its number to a stranger, who would be killed in its stead.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", on_line: OnLine) -> None:
        self._process = process
        self._started = time.monotonic()
        self._stdout, self._stderr = _Output(on_line), _Output(on_line)
        self._selector = selectors.DefaultSelector()
        self._pidfd = _open_pidfd(process)
        self._running = True
        assert process.stdout is not None
        assert process.stderr is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, self._stdout)
        self._selector.register(process.stderr, selectors.EVENT_READ, self._stderr)
        self._selector.register(self._pidfd, selectors.EVENT_READ)

    def watch(self, stop: Stop, timeout_seconds: float) -> Ending:
        """Follow the leader until it exits, its time is over, or *stop* is set."""
        while self._running:
            left = self._started + timeout_seconds - time.monotonic()
            if left <= 0:
                return Ending.TIMED_OUT
            if stop.is_set():
                return Ending.STOPPED
            self._pump(min(left, _LOOK_SECONDS))
        return Ending.EXITED

    def end(self, grace_seconds: float) -> End:
        """End whoever is left of the group and reap the leader.

        SIGTERM comes first; SIGKILL for those who live *grace_seconds* later.
        """
        try:
            self._terminate(grace_seconds)
        finally:
            self._signal(signal.SIGKILL)
            _, status, used = os.wait4(self._process.pid, 0)
            wall_seconds = time.monotonic() - self._started
            self._process.returncode = os.waitstatus_to_exitcode(status)
        try:
            self._drain()
        finally:
            self._close()
        return End(
            exit_code=self._process.returncode,
            stdout=self._stdout.tail(),
            stderr=self._stderr.tail(),
            wall_seconds=wall_seconds,
            used=used,
        )

    def _terminate(self, grace_seconds: float) -> None:
        if not self._is_alive():
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while self._is_alive() and time.monotonic() < deadline:
            self._pump(_LOOK_SECONDS / 2)

    def _pump(self, wait_seconds: float) -> bool:
        """Take what is there, waiting for it at most so long; False if nothing was."""
        ready = self._selector.select(wait_seconds)
        for key, _ in ready:
            if key.fd == self._pidfd:
                self._running = False
                self._selector.unregister(key.fileobj)
                continue
            data = os.read(key.fd, _READ_BYTES)
            key.data.feed(data)
            if not data:
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def _drain(self) -> None:
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self._selector.get_map() and time.monotonic() < deadline:
            if not self._pump(0):
                break
        for output in (self._stdout, self._stderr):
            output.feed(b"")

    def _close(self) -> None:
        self._selector.close()
        os.close(self._pidfd)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _is_alive(self) -> bool:
        return self._running or any(
            group == self._process.pid and state not in b"ZX"
            for state, group in _states_and_groups()
        )


def _open_pidfd(process: "subprocess.Popen[bytes]") -> int:
    try:
        return os.pidfd_open(process.pid)
    except OSError as error:
        process.kill()
        process.wait()
        raise PermanentError(
            f"cannot watch a program: {error}", hint="Linux 5.3 or newer is needed"
        ) from error


def _states_and_groups() -> list[tuple[bytes, int]]:
    """The state letter and process group of every process.

    Zombies must be told from the living: in a container whose first process does not
    reap, an orphan stays in its group for ever.

    Source:
        proc_pid_stat(5). The name, in parentheses, may hold anything.
    """
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - at the end of every program: fast
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                state, _, group = file.read().rpartition(b")")[2].split()[:3]
                found.append((state, int(group)))
    return found
