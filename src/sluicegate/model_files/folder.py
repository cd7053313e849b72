"""The files below the paths that are to be looked at, without following any link."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sluicegate.model_files.refused import Refused

MAX_FILES = 10_000
_MAX_PATH = 500  # characters
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has neither
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


class Unreadable(Exception):  # noqa: N818 - becomes an exit code
    """Nothing can be found out."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file below the project; ``refused`` if it is none to be read."""

    path: str
    refused: Refused | None = None


def find_files(project: Path, paths: list[str]) -> list[Found]:
    """Everything below *paths*, sorted, but folders.

    Raises:
        Unreadable: a path is not there, leads out through a link, or there is too much.
    """
    found: dict[str, Found] = {}
    for path in paths:
        _check_way(project, PurePosixPath(path))
        for each in _walk(project, PurePosixPath(path)):
            found[each.path] = each
            if len(found) > MAX_FILES:
                raise Unreadable(f"more than {MAX_FILES} files")
    return [found[path] for path in sorted(found)]


def open_file(path: Path) -> int:
    """Open a plain file to read it; its descriptor.

    Raises:
        OSError: it cannot be.
    """
    return os.open(
        path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT | getattr(os, "O_BINARY", 0)
    )


def _check_way(project: Path, path: PurePosixPath) -> None:
    if path.is_absolute() or ".." in path.parts:
        raise Unreadable(f"{path} leads out of the project")
    at = project
    for part in path.parts:
        at = at / part
        try:
            mode = at.lstat().st_mode
        except OSError as error:
            raise Unreadable(f"there is no {path}: {error.strerror}") from error
        if stat.S_ISLNK(mode):
            raise Unreadable(f"{path} leads through a link")


def _walk(project: Path, path: PurePosixPath) -> Iterator[Found]:
    place = project / path
    shown = str(path)
    if len(shown) > _MAX_PATH or not shown.isprintable():
        name = ascii(shown)[1 : _MAX_PATH // 2]
        yield Found(name, Refused("name", "its name is too long or cannot be printed"))
        return
    try:
        mode = place.lstat().st_mode
        if stat.S_ISDIR(mode):
            for name in sorted(os.listdir(place)):  # noqa: PTH208 - names, not paths
                yield from _walk(project, path / name)
            return
    except OSError as error:
        raise Unreadable(f"cannot read {shown}: {error.strerror}") from error
    if stat.S_ISLNK(mode):
        yield Found(shown, Refused("link", "a symbolic link"))
    elif not stat.S_ISREG(mode):
        yield Found(shown, Refused("special-file", "no plain file"))
    else:
        yield Found(shown)
