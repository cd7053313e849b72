"""A directory of objects, durable and atomic.

An object is written to a temporary file in its own directory, flushed to the disk,
renamed into place, and the directory is flushed. Names lead through real directories
only: every step is opened without following symbolic links. On Windows a store can be
read, and no write begins.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from sluicegate.adapters.stores.durable import (
    CAN_WRITE,
    check_writable,
    enter_directory,
    make_directory,
    open_directory,
    read_file,
    read_plainly,
    write_file,
)
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.ports.store import ObjectStore

_PART = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
"""No part starts with a dot: those names are kept for temporary files and the lock."""

_LINK = {errno.ELOOP, errno.ENOTDIR}
_NO_FILE = {errno.EISDIR, errno.ENXIO}  # the second is a pipe or a socket


class DirectoryStore(ObjectStore):
    """Objects under one directory, which is made on the first write.

    With *durable* false, what was written last may be empty after a power cut. An
    object of more than *limit* bytes is not read: nobody here has written it.
    """

    def __init__(
        self, root: Path, *, durable: bool = True, limit: int | None = None
    ) -> None:
        self.root = root
        self._durable = durable
        self._limit = limit
        self._broken = False

    @override
    def get(self, name: str) -> bytes | None:
        *heads, last = _split(name)
        with self.reporting(name):
            try:
                if not CAN_WRITE:
                    return read_plainly(self.root, name, self._limit)
                with self.directory(heads) as directory:
                    return read_file(directory, last, self._limit)
            except FileNotFoundError:
                return None

    @override
    def put(self, name: str, data: bytes) -> None:
        *heads, last = _split(name)
        check_writable(self.root)
        if self._broken:
            raise PermanentError(
                f"{self.root}: an earlier write failed, so nothing more is written",
                hint="look at the disk, then start again",
            )
        try:
            with self.reporting(name), self.directory(heads, make=True) as directory:
                write_file(directory, last, data, durable=self._durable)
        except BaseException:
            # Nobody can say what is on the disk. Other threads may be writing, too.
            self._broken = True
            raise

    @override
    def drop(self, name: str) -> None:
        *heads, last = _split(name)
        check_writable(self.root)
        with self.reporting(name), suppress(FileNotFoundError):
            with self.directory(heads) as directory:
                os.unlink(last, dir_fd=directory)
            with self.directory(heads[:-1]) as parent, suppress(OSError):
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

    @contextmanager
    def directory(self, parts: list[str], *, make: bool = False) -> Iterator[int]:
        """Open the directory of *parts* step by step.

        Raises:
            OSError: it cannot be opened, or leads through a link.
        """
        if make:
            make_directory(self.root)
        current = open_directory(self.root)
        try:
            for part in parts:
                inner = enter_directory(current, part, make=make)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)

    @contextmanager
    def reporting(self, name: str) -> Iterator[None]:
        """Say of a failure which object has it."""
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
    if error.errno in _NO_FILE:
        raise IntegrityError(
            f"{path}: is not a file",
            hint="Nothing in a log but files and folders. See who put it there.",
        ) from error
    raise PermanentError(f"{path}: {error.strerror or error}") from error
