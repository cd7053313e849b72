"""An inbox that is a folder of files.

Anybody who can write there may have put anything there: links, pipes, names that mean
something to a terminal, gigabytes. Nothing is followed, waited for or read too far.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.durable import (
    NO_FOLLOW,
    NO_WAIT,
    check_writable,
    make_directory,
    open_directory,
    write_file,
)
from sluicegate.errors import PermanentError, UsageError
from sluicegate.ports.inbox import Inbox, Letter

_SUFFIX = ".json"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


class FolderInbox(Inbox):
    """The files ``*.json`` in *folder*; with *only*, that file alone."""

    def __init__(self, folder: Path, only: str | None = None) -> None:
        self._folder = folder
        self._only = only

    @override
    def where(self) -> str:
        return str(self._folder / self._only if self._only else self._folder)

    @override
    def letters(self, limit: int) -> Iterator[Letter]:
        for name in self._names():
            place = str(self._folder / name)
            try:
                yield Letter(place, _read(self._folder / name, limit))
            except FileNotFoundError:
                continue  # another recorder was faster
            except OSError as error:
                yield Letter(place, None, f"cannot be read: {error.strerror}")
            except UsageError as error:
                yield Letter(place, None, str(error))

    @override
    def put(self, name: str, data: bytes) -> str:
        if not _NAME.fullmatch(name):
            raise UsageError(f"not a name for a statement: {name!r}")
        place = self._folder / (self._only or f"{name}{_SUFFIX}")
        check_writable(place)
        try:
            make_directory(self._folder)
            folder = open_directory(self._folder.resolve())
            try:
                write_file(folder, place.name, data)
            finally:
                os.close(folder)
        except OSError as error:
            raise PermanentError(f"cannot write {place}: {error.strerror}") from error
        return str(place)

    @override
    def remove(self, letter: Letter) -> None:
        path = Path(letter.place)
        try:
            if letter.data is None or _read(path, len(letter.data)) == letter.data:
                path.unlink()
        except FileNotFoundError:
            return
        except UsageError:
            return  # no longer what was read
        except OSError as error:
            raise PermanentError(f"cannot remove {path}: {error.strerror}") from error

    def _names(self) -> list[str]:
        if self._only is not None:
            return [self._only]
        try:
            with os.scandir(self._folder) as found:
                names = [each.name for each in found]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise PermanentError(
                f"cannot look into {self._folder}: {error.strerror}"
            ) from error
        return sorted(
            name
            for name in names
            if name.endswith(_SUFFIX) and not name.startswith(".")
        )


def _read(path: Path, limit: int) -> bytes:
    """Read a file of at most *limit* bytes.

    Raises:
        UsageError: it is none, or larger.
        OSError: it cannot be read.
    """
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise UsageError("a symbolic link, which is not followed")
    if not stat.S_ISREG(mode):
        raise UsageError("not a file")
    # A pipe under this name would hang whoever opens it and waits.
    file = os.open(path, os.O_RDONLY | NO_FOLLOW | NO_WAIT)
    with open(file, "rb") as stream:  # noqa: PTH123 - it is open already
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise UsageError("not a file")
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise UsageError(f"larger than {limit} bytes")
    return data
