"""A directory of objects, durable and atomic, and the cell of a log's checkpoint.

An object is written to a temporary file in its own directory, flushed to the disk,
renamed into place, and the directory is flushed. Names lead through real directories
only: every step is opened without following symbolic links. Not for NFS, where locks
and renames mean less.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from sluicegate.errors import (
    IntegrityError,
    PermanentError,
    TransientError,
    UsageError,
)
from sluicegate.ports.store import CheckpointCell, ObjectStore

_PART = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
"""No part starts with a dot: those names are kept for temporary files and the lock."""

_CELL = "checkpoint"
_LOCK = ".lock"
_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK = {errno.ELOOP, errno.ENOTDIR}


class DirectoryStore(ObjectStore, CheckpointCell):
    """Objects under one directory, which is made on the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._broken = False

    @override
    def get(self, name: str) -> bytes | None:
        *heads, last = _split(name)
        with self._reporting(name):
            try:
                with self._directory(heads) as directory:
                    return _read(directory, last)
            except FileNotFoundError:
                return None

    @override
    def put(self, name: str, data: bytes) -> None:
        *heads, last = _split(name)
        if self._broken:
            raise PermanentError(
                f"{self.root}: an earlier write failed, so nothing more is written",
                hint="Look at the disk, then start again.",
            )
        # Until everything is on the disk nobody can say what is.
        self._broken = True
        with self._reporting(name), self._directory(heads, make=True) as directory:
            _write(directory, last, data)
        self._broken = False

    def sync(self, name: str) -> None:
        """Make an object that is there durable, whoever wrote it."""
        *heads, last = _split(name)
        with self._reporting(name), self._directory(heads) as directory:
            file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
            try:
                os.fsync(file)
            finally:
                os.close(file)
            os.fsync(directory)

    @override
    def drop(self, name: str) -> None:
        *heads, last = _split(name)
        with self._reporting(name), suppress(FileNotFoundError):
            with self._directory(heads) as directory:
                os.unlink(last, dir_fd=directory)
            with self._directory(heads[:-1]) as parent, suppress(OSError):
                os.rmdir(heads[-1], dir_fd=parent)  # only if it is empty now

    @override
    def names(self, prefix: str = "") -> Iterator[str]:
        found: list[str] = []
        for folder, folders, files in os.walk(self.root / prefix.rpartition("/")[0]):
            folders[:] = [part for part in folders if not part.startswith(".")]
            inside = Path(folder).relative_to(self.root)
            names = ((inside / file).as_posix() for file in files if file[:1] != ".")
            found += [name for name in names if name.startswith(prefix)]
        return iter(sorted(found))

    @override
    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._reporting(_LOCK), self._directory([], make=True) as directory:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(_LOCK, flags, 0o644, dir_fd=directory)
        try:
            with self._reporting(_LOCK):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @override
    def load(self) -> bytes | None:
        return self.get(_CELL)

    @override
    def replace(self, old: bytes | None, new: bytes) -> None:
        if self.load() != old:
            raise TransientError("another writer was faster")
        self.put(_CELL, new)

    @contextmanager
    def _directory(self, parts: list[str], *, make: bool = False) -> Iterator[int]:
        """Open the directory of *parts* step by step."""
        if make:
            make_directory(self.root)
        current = os.open(self.root, _OPEN_DIR)
        try:
            for part in parts:
                inner = _enter(current, part, make=make)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)

    @contextmanager
    def _reporting(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _report(self.root / name, error)


def _split(name: str) -> list[str]:
    parts = name.split("/")
    if not all(map(_PART.fullmatch, parts)):
        raise UsageError(f"not the name of an object: {name!r}")
    return parts


def _report(path: Path, error: OSError) -> NoReturn:
    if error.errno in _LINK:
        raise IntegrityError(
            f"{path}: leads through a symbolic link or a file",
            hint="Nothing in a log is a link. See who put it there.",
        ) from error
    raise PermanentError(f"{path}: {error.strerror or error}") from error


def _read(directory: int, name: str) -> bytes:
    # Without O_NONBLOCK a pipe under this name would hang the reader.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(name, flags, dir_fd=directory)
    with open(file, "rb") as stream:  # noqa: PTH123 - it is open already
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise IntegrityError(f"{name} is not a file")
        return stream.read()


def _write(directory: int, name: str, data: bytes) -> None:
    temporary = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(temporary, flags, 0o644, dir_fd=directory)
    try:
        with open(file, "wb", buffering=0) as stream:  # noqa: PTH123 - it is open already
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]
            os.fsync(file)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    os.fsync(directory)


def _enter(directory: int, part: str, *, make: bool) -> int:
    try:
        return os.open(part, _OPEN_DIR, dir_fd=directory)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(part, 0o755, dir_fd=directory)
    os.fsync(directory)
    return os.open(part, _OPEN_DIR, dir_fd=directory)


def make_directory(path: Path, mode: int = 0o755) -> None:
    """Make *path* and its missing parents, each durable in its own parent.

    Raises:
        OSError: one of them cannot be made.
    """
    if path.is_dir():
        return
    make_directory(path.parent, mode)
    with suppress(FileExistsError):
        path.mkdir(mode)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in *path* durable.

    Raises:
        OSError: they may not be.
    """
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
