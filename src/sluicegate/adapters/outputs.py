"""Files that a stage declares as its outputs: read from the project, and put back."""

import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from sluicegate.errors import PermanentError
from sluicegate.ports.workspace import ProjectFile

_MAX_BYTES = 256 << 20  # a file is read whole
_MAX_FILES = 10_000
_NOT_THEIRS = {".git", ".sluicegate"}


def collect(folder: Path, patterns: Sequence[str]) -> tuple[ProjectFile, ...]:
    """Read the files below *folder* that *patterns* name, sorted by path.

    Raises:
        PermanentError: a pattern matches nothing, there are too many files, or one
            cannot be read.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        before = len(found)
        for path in _match(folder, pattern):
            found[path.relative_to(folder).as_posix()] = path
            if len(found) > _MAX_FILES:
                raise PermanentError(f"more than {_MAX_FILES} output files")
        if len(found) == before and not any(_match(folder, pattern)):
            raise PermanentError(
                f"the stage has not written its output {pattern!r}",
                hint="mend `outputs:`; paths are relative to the pipeline file",
            )
    return tuple(_read(name, found[name]) for name in sorted(found))


def restore(folder: Path, file: ProjectFile, scratch: Path) -> None:
    """Write *file* below *folder* whole, unless it is there just so.

    It is made in *scratch*, on the same file system and out of Git's sight: another
    run in this folder would take half a file for a change of the work tree.

    Raises:
        PermanentError: it cannot be written, or its path leads out of *folder*.
    """
    place = folder / file.path
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise PermanentError(f"the output {file.path} leads out of the project")
    inside = place.parent.resolve().relative_to(folder.resolve()) / place.name
    if _is_not_theirs(inside):
        raise PermanentError(f"the output {file.path} is not a file of the project")
    if place.is_file() and not place.is_symlink() and _read(file.path, place) == file:
        return
    partial = scratch / f"{secrets.token_hex(8)}.partial"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(file.data)
        partial.chmod(0o755 if file.executable else 0o644)
        partial.replace(place)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise PermanentError(f"cannot write {place}: {error.strerror}") from error


def _match(folder: Path, pattern: str) -> Iterator[Path]:
    """The plain files that *pattern* names; links are nobody's output."""
    if ".." in Path(pattern).parts:
        raise PermanentError(f"the output {pattern!r} leads out of the project")
    named = PurePath(pattern).parts and folder.glob(pattern.rstrip("/"))
    for path in named or (folder,):
        if _is_not_theirs(path.relative_to(folder)):
            continue
        if path.is_symlink():
            raise PermanentError(f"the output {path} is a symbolic link")
        if path.is_dir():
            yield from (
                each
                for each in path.rglob("*")
                if (each.is_file() or each.is_symlink())
                and not _is_not_theirs(each.relative_to(folder))
            )
        else:
            yield path


def _is_not_theirs(path: PurePath) -> bool:
    """Whether it is Git's, or our own.

    To put an old log back would be to roll it back, and a hook is a program.
    """
    return any(part.casefold() in _NOT_THEIRS for part in path.parts)


def _read(name: str, path: Path) -> ProjectFile:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
                raise PermanentError(
                    f"the output {name} is not a plain file of at most"
                    f" {_MAX_BYTES >> 20} MiB",
                    hint="a training keeps only the digests of its model with"
                    " `keep: false`",
                )
            executable = bool(status.st_mode & stat.S_IXUSR)
            return ProjectFile(name, file.read(_MAX_BYTES), executable)
    except OSError as error:
        raise PermanentError(f"cannot read {path}: {error.strerror}") from error
