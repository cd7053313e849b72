"""The files of an environment on another host.

The lock is held by a process there. It ends with the connection, and if it hears
nothing for `_TERM_SECONDS`: then another machine may take the lock, and this one learns
of it before it writes again. What keeps the two apart meanwhile is the fence.
"""

import os
import socket
import subprocess  # noqa: TID251 - names the type of a process that is held
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.targets.ssh_connection import SshConnection
from sluicegate.adapters.targets.ssh_scripts import (
    LOCK,
    READ,
    REMOVE,
    REPLACE,
    skip_greeting,
)
from sluicegate.adapters.targets.state_files import StateFiles, under_way, unusable
from sluicegate.errors import PermanentError, TransientError

_TERM_SECONDS = 120
_BEAT_SECONDS = 20


class SshFiles(StateFiles):
    """The folder *path* of the host at the other end of *connection*."""

    def __init__(self, connection: SshConnection, path: Path) -> None:
        self._connection, self._path = connection, str(path)
        self._holder: subprocess.Popen[bytes] | None = None

    @override
    @contextmanager
    def lock(self, what: str) -> Iterator[None]:
        who = f"{os.getpid()} of {socket.gethostname()}"
        holder = self._connection.start(LOCK, self._path, who, str(_TERM_SECONDS))
        over = threading.Event()
        beat = threading.Thread(target=_beat, args=(holder, over), daemon=True)
        try:
            self._await(holder, what)
            self._holder = holder
            beat.start()
            yield
        finally:
            self._holder = None
            over.set()
            if beat.is_alive():
                beat.join()
            _end(holder)

    @override
    def read(self, name: str) -> bytes | None:
        said, _, data = self._run(READ, name).partition(b"\n")
        if said not in {b"found", b"absent"}:
            raise TransientError(f"{self._connection.name} broke off in an answer")
        return data if said == b"found" else None

    @override
    def replace(self, name: str, data: bytes, *, fence: bytes | None) -> bool:
        if self._holder is not None and self._holder.poll() is not None:
            raise TransientError(
                f"the lock on {self._connection.name} is lost: this process stood"
                " still for too long, or the connection broke",
                hint="`sluice resume` goes on",
            )
        expected = "" if fence is None else fence.decode()
        said = self._run(REPLACE, name, expected, str(len(data)), data=data).strip()
        if said not in {b"replaced", b"fenced"}:
            raise TransientError(f"{self._connection.name} broke off in an answer")
        return said == b"replaced"

    @override
    def remove(self, *names: str) -> None:
        self._run(REMOVE, *names)

    def _run(self, script: str, *arguments: str, data: bytes = b"") -> bytes:
        try:
            return self._connection.run(script, self._path, *arguments, data=data)
        except PermanentError as error:
            if error.hint is not None:  # of the connection, not of the folder
                raise
            raise unusable(str(error), self._path) from error

    def _await(self, holder: "subprocess.Popen[bytes]", what: str) -> None:
        assert holder.stdout is not None
        assert holder.stderr is not None
        skip_greeting(holder.stdout)
        said = holder.stdout.readline().strip()
        if said == b"mine":
            return
        if said == b"busy":
            raise under_way(what, holder.stdout.read().decode(errors="replace"))
        why = holder.stderr.read().decode(errors="replace").strip()
        raise unusable(f"{self._connection.name}: {why}", self._path)


def _beat(holder: "subprocess.Popen[bytes]", over: threading.Event) -> None:
    assert holder.stdin is not None
    while not over.wait(_BEAT_SECONDS):
        try:
            holder.stdin.write(b"\n")
            holder.stdin.flush()
        except OSError:
            return


def _end(holder: "subprocess.Popen[bytes]") -> None:
    """Let go of the lock, and see that it is gone."""
    assert holder.stdin is not None
    with suppress(OSError):
        holder.stdin.close()
    try:
        holder.wait(_BEAT_SECONDS)
    except subprocess.TimeoutExpired:
        holder.kill()
    with holder:  # closes its pipes
        pass
