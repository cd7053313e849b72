"""A running program and everything it started, as one thing to watch and to end."""

import enum
import os
import selectors
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

from sluicegate.adapters.guard import Guard
from sluicegate.adapters.leader import Leader
from sluicegate.adapters.stop import Stop
from sluicegate.adapters.usage_meter import UsageMeter
from sluicegate.model.command import ResourceUsage
from sluicegate.ports.process import ManyLines, OnLine

_MAX_CAPTURE_BYTES = 8 * 1024 * 1024
_MAX_LINE_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_DRAIN_SECONDS = 1.0  # for output of a descendant that escaped and keeps writing
_LOOK_AGAIN_SECONDS = 0.05  # how often those who are to end are looked at


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
    usage: ResourceUsage


class _Output:
    """One pipe: keeps the end of what comes, and tells of each line."""

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._tail = bytearray()
        self._line = bytearray()
        self._is_cut = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes; none means the end."""
        self._tail += data
        if len(self._tail) > 2 * _MAX_CAPTURE_BYTES:
            del self._tail[:-_MAX_CAPTURE_BYTES]
            self._is_cut = True
        self._line += data
        *lines, self._line = self._line.split(b"\n")
        if self._line and (not data or len(self._line) > _MAX_LINE_BYTES):
            lines.append(self._line)
            self._line = bytearray()
        self._tell([line.decode(errors="replace").rstrip("\r") for line in lines])

    def tail(self) -> bytes:
        """What is kept, which begins with a line: half a secret is not found as one."""
        is_cut = self._is_cut or len(self._tail) > _MAX_CAPTURE_BYTES
        tail = bytes(self._tail[-_MAX_CAPTURE_BYTES:])
        return tail[tail.find(b"\n", 0, _MAX_LINE_BYTES) + 1 :] if is_cut else tail

    def _tell(self, lines: list[str]) -> None:
        if len(lines) > 1 and isinstance(self._on_line, ManyLines):
            self._on_line.many(lines)
            return
        for line in lines:
            self._on_line(line)


class ProcessGroup:
    """Watches a program that leads a process group, and ends the group.

    The leader is not reaped before everything else is over, where that is possible:
    until then the kernel cannot give its number to a stranger, who would be killed in
    its stead. *stdout* and *stderr* are read, and closed at the end.
    """

    def __init__(
        self, leader: Leader, guard: Guard, stdout: int, stderr: int, on_line: OnLine
    ) -> None:
        self._leader = leader
        self._guard = guard
        self._pipes = (stdout, stderr)
        self._started = time.monotonic()
        self._meter = UsageMeter(leader.pid)
        beside = on_line.beside() if isinstance(on_line, ManyLines) else on_line
        self._stdout, self._stderr = _Output(on_line), _Output(beside)
        self._running = True
        self._selector = selectors.DefaultSelector()
        self._selector.register(stdout, selectors.EVENT_READ, self._stdout)
        self._selector.register(stderr, selectors.EVENT_READ, self._stderr)
        if (exited := leader.fileno()) is not None:
            self._selector.register(exited, selectors.EVENT_READ)

    @property
    def number(self) -> int:
        """The number of the group, which is its leader's."""
        return self._leader.pid

    def watch(self, stop: Stop, timeout_seconds: float) -> Ending:
        """Follow the leader until it exits, its time is over, or *stop* is set."""
        while self._running:
            left = self._started + timeout_seconds - time.monotonic()
            if left <= 0:
                return Ending.TIMED_OUT
            if stop.is_set():
                return Ending.STOPPED
            pause = self._meter.pause_seconds(self._leader.look_seconds)
            self._pump(min(left, pause))
            if self._running:
                self._meter.look()
        return Ending.EXITED

    def end(self, grace_seconds: float) -> End:
        """End whoever is left of the group and reap the leader.

        SIGTERM comes first; SIGKILL for those who live *grace_seconds* later.
        """
        try:
            self._terminate(grace_seconds)
        finally:
            self._signal(signal.SIGKILL)
            self._guard.ends(self._leader.pid)
            if self._leader.keeps_number():
                self._meter.see_end()
            exit_code, used = self._leader.reap()
            wall_seconds = time.monotonic() - self._started
        try:
            self._drain()
        finally:
            self._close()
        return End(
            exit_code=exit_code,
            stdout=self._stdout.tail(),
            stderr=self._stderr.tail(),
            usage=self._meter.total(wall_seconds, used),
        )

    def _terminate(self, grace_seconds: float) -> None:
        if not self._is_alive():
            return
        self._meter.survey()
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while self._is_alive() and time.monotonic() < deadline:
            self._pump(min(self._leader.look_seconds, _LOOK_AGAIN_SECONDS))

    def _pump(self, wait_seconds: float) -> bool:
        """Take what is there, waiting for it at most so long; False if nothing was."""
        ready = self._selector.select(wait_seconds)
        for key, _ in ready:
            if key.data is None:
                self._selector.unregister(key.fileobj)  # the leader has exited
                continue
            data = os.read(key.fd, _READ_BYTES)
            key.data.feed(data)
            if not data:
                self._selector.unregister(key.fileobj)
        self._running = self._running and not self._leader.has_exited()
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
        self._leader.close()
        self._meter.close()
        for pipe in self._pipes:
            os.close(pipe)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._leader.pid, number)

    def _is_alive(self) -> bool:
        return self._running or self._leader.has_company()
