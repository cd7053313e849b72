"""Files that are whole or not there, durable, and reached through no symbolic link.

Everything is opened relative to a directory that is open already, without following
links. Windows has no such calls: there `read_plainly` looks at every step first, which
is enough to read, and `check_writable` refuses what would write.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from sluicegate.errors import IntegrityError, UsageError

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
CAN_WRITE = hasattr(os, "O_DIRECTORY") and hasattr(os, "O_NOFOLLOW")


def check_writable(path: Path) -> None:
    """See to it that this system can write safely.

    Raises:
        UsageError: it cannot.
    """
    if not CAN_WRITE:
        raise UsageError(
            f"{path}: this system can read it but not write it safely",
            hint="use Linux, macOS or WSL; commands that only read work here",
        )


def open_directory(path: Path) -> int:
    """A descriptor of a directory; *path* itself may not be a link."""
    return os.open(path, _DIRECTORY | NO_FOLLOW)


def enter_directory(directory: int, part: str, *, make: bool) -> int:
    """A descriptor of the directory *part* in *directory*, made durably if it may be.

    Raises:
        OSError: it is not there, or is a link or a file.
    """
    flags = _DIRECTORY | NO_FOLLOW
    try:
        return os.open(part, flags, dir_fd=directory)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(part, 0o755, dir_fd=directory)
    os.fsync(directory)
    return os.open(part, flags, dir_fd=directory)


def read_file(directory: int, name: str, limit: int | None = None) -> bytes:
    """Read a file of at most *limit* bytes.

    Raises:
        OSError: it cannot be read; with ``errno.ENXIO``, it is no file.
        IntegrityError: it is larger.
    """
    # Without O_NONBLOCK a pipe under this name would hang the reader.
    file = os.open(name, os.O_RDONLY | NO_FOLLOW | NO_WAIT, dir_fd=directory)
    with open(file, "rb") as stream:  # noqa: PTH123 - it is open already
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ENXIO, "not a file")
        check_length(name, status.st_size, limit)
        return stream.read()


def check_length(name: str, length: int, limit: int | None) -> None:
    """See to it that no more than *limit* bytes are read of a file.

    Raises:
        IntegrityError: it is longer.
    """
    if limit is not None and length > limit:
        raise IntegrityError(f"{name} has more than {limit} bytes")


def read_plainly(root: Path, name: str, limit: int | None = None) -> bytes:
    """Read the file *name*, ``/``-separated, below *root*, on any system.

    Raises:
        OSError: it cannot be read, leads through a link (``errno.ELOOP``), or is no
            file (``errno.ENXIO``).
        IntegrityError: it has more than *limit* bytes.
    """
    place = root
    for part in name.split("/"):
        place /= part
        if place.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link")
    if place.exists() and not place.is_file():
        raise OSError(errno.ENXIO, "not a file")
    check_length(name, place.stat().st_size, limit)
    return place.read_bytes()


def write_file(directory: int, name: str, data: bytes, *, durable: bool = True) -> None:
    """Write a file whole or not at all, durable on return.

    One that need not be *durable* is whole for every reader as long as the power stays
    on; after a cut it may be the old one, the new one, or empty.

    Raises:
        OSError: it may not be durable.
    """
    temporary = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW
    file = os.open(temporary, flags, 0o644, dir_fd=directory)
    try:
        with open(file, "wb", buffering=0) as stream:  # noqa: PTH123 - it is open already
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]
            if durable:
                os.fsync(file)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    if durable:
        os.fsync(directory)


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
    folder = os.open(path, _DIRECTORY | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
