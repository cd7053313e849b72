r"""A run's journal: one line an entry, with a checksum before it.

A line is ``<16 hex digits of SHA-256>.<64 of a MAC> <entry>\n``, flushed to the disk
before `append` returns. Only the last line can be torn by a crash, and nobody was told
that it is kept. The MAC says that a recorder has written it, and not a program that a
stage has started: what is in a journal is committed to the log one day.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from typing_extensions import override

from sluicegate.adapters.lock_file import try_lock
from sluicegate.adapters.stores.durable import (
    CAN_WRITE,
    NO_FOLLOW,
    check_writable,
    make_directory,
    sync_directory,
)
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.ports.journal import Journal

_CHECK = 16


class FileJournal(Journal):
    """The journal of the run *run_id* in *folder*; the file exists while it is used.

    *secrets* are what only recorders know: lines are written with the first, and those
    that none of them has written are refused. Without any, whoever wrote is believed:
    that is for those who only look.
    """

    def __init__(
        self, folder: Path, run_id: str, secrets: Sequence[bytes] = ()
    ) -> None:
        self._path = folder / f"{quote(run_id, safe='')}.journal"
        self._secrets = secrets
        self._file: int | None = None
        self._size = 0

    @override
    def hold(self) -> None:
        self._open()

    @override
    def append(self, entry: bytes) -> None:
        line = self._head(entry) + b" " + entry + b"\n"
        if b"\n" in entry:
            raise UsageError("an entry of a journal holds no newline")
        file = self._open()
        try:
            os.pwrite(file, line, self._size)
            os.fsync(file)
            if os.fstat(file).st_size != self._size + len(line):
                raise PermanentError(f"{self._path}: the disk is full")
        except OSError as error:
            raise PermanentError(f"{self._path}: {error.strerror}") from error
        self._size += len(line)

    @override
    def read(self) -> list[bytes]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise PermanentError(f"{self._path}: {error.strerror}") from error
        return [self._parse(line) for line in _cut_torn(data).splitlines()]

    @override
    def clear(self) -> None:
        file = self._open()
        try:
            os.ftruncate(file, 0)
            os.fsync(file)
        except OSError as error:
            raise PermanentError(f"{self._path}: {error.strerror}") from error
        self._size = 0

    @override
    def close(self) -> None:
        if self._file is None:
            return
        if self._size == 0:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None

    def is_held(self) -> bool:
        """Whether a process of this machine holds it now.

        To find out, its lock is shared for a moment: whoever takes the run over in
        that very moment is refused, and may try again.

        Raises:
            PermanentError: that cannot be told.
        """
        if not CAN_WRITE:
            return False  # no run can be carried on here
        try:
            file = os.open(self._path, os.O_RDONLY | NO_FOLLOW)
            try:
                return not try_lock(file, shared=True)
            finally:
                os.close(file)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise PermanentError(f"{self._path}: {error.strerror}") from error

    def _parse(self, line: bytes) -> bytes:
        head, _, entry = line.partition(b" ")
        check, _, mac = head.partition(b".")
        if check != _check(entry):
            raise IntegrityError(f"{self._path}: a line was changed")
        macs = [_mac(secret, entry) for secret in self._secrets]
        if macs and not any(hmac.compare_digest(mac, each) for each in macs):
            raise IntegrityError(
                f"{self._path}: no recorder of this log has written a line of it",
                hint="find out who did; was the log's key exchanged in between, or"
                " sluicegate? Then move the file away: it held what is not in the log",
            )
        return entry

    def _head(self, entry: bytes) -> bytes:
        if not self._secrets:
            return _check(entry)
        return _check(entry) + b"." + _mac(self._secrets[0], entry)

    def _open(self) -> int:
        if self._file is None:
            check_writable(self._path)
            try:
                make_directory(self._path.parent)
                self._file = self._lock()
                self._size = self._mend(self._file)
            except OSError as error:
                raise PermanentError(f"{self._path}: {error.strerror}") from error
        return self._file

    def _lock(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | NO_FOLLOW
        file = os.open(self._path, flags, 0o644)
        if not try_lock(file):
            os.close(file)
            raise UsageError(
                "another process is carrying this run on",
                hint="wait for it to end, or stop it",
            )
        if os.fstat(file).st_nlink == 0:  # its last user removed it meanwhile
            os.close(file)
            return self._lock()
        return file

    def _mend(self, file: int) -> int:
        """Cut a torn line off and make the file itself durable; say how long it is."""
        size = len(_cut_torn(self._path.read_bytes()))
        os.ftruncate(file, size)
        os.fsync(file)
        sync_directory(self._path.parent)
        return size


def _check(entry: bytes) -> bytes:
    return hashlib.sha256(entry).hexdigest()[:_CHECK].encode()


def _mac(secret: bytes, entry: bytes) -> bytes:
    return hmac.new(secret, entry, hashlib.sha256).hexdigest().encode()


def _cut_torn(data: bytes) -> bytes:
    r"""Drop a last line that a crash cut short.

    It lacks its newline, or a page of it never reached the disk and reads as zeros,
    which canonical JSON never holds.
    """
    data = data[: data.rfind(b"\n") + 1]
    start = data.rfind(b"\n", 0, -1) + 1
    return data[:start] if b"\0" in data[start:] else data
