"""Files that are made for others, from more lines than memory may hold."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sluicegate.errors import PermanentError


def write_lines_to(path: Path, lines: Iterable[str]) -> int:
    """Write *lines*, which end themselves, to *path*; all of them or nothing.

    Returns:
        How many there were.

    Raises:
        PermanentError: they cannot be written; what was there is untouched.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    count = 0
    try:
        with temporary.open("x", encoding="utf-8", newline="") as file:
            for line in lines:
                file.write(line)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise PermanentError(f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return count


def fill_folder(folder: Path, files: Iterable[tuple[str, str]]) -> int:
    """Write *files*, as (name, content), into *folder*, which is made if missing.

    Returns:
        How many there were.

    Raises:
        PermanentError: one cannot be written; those before it are there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermanentError(f"cannot make {folder}: {error.strerror}") from error
    count = 0
    for count, (name, content) in enumerate(files, 1):  # noqa: B007 - returned
        write_lines_to(folder / name, (content,))
    return count
