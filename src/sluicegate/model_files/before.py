"""Which files of a model were there before its training began, and are still the same.

A training that writes nothing and says that all is well would else pass off what an
earlier one has left.
"""

import json
import os
from pathlib import Path

from sluicegate.model_files.folder import Unreadable, find_files


def note(project: Path, paths: list[str], output: Path) -> None:
    """Write down at *output* which files are below *paths*.

    Raises:
        Unreadable: that cannot be told.
    """
    there = [path for path in paths if os.path.lexists(project / path)]
    found = find_files(project, there)
    output.write_text(
        json.dumps({file.path: _state(project, file.path) for file in found}), "ascii"
    )


def find_untouched(project: Path, paths: list[str], noted: Path) -> list[str]:
    """The files below *paths* that nobody has written since they were *noted*.

    Raises:
        Unreadable: that cannot be told.
    """
    try:
        before = json.loads(noted.read_text("ascii"))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"what was there before cannot be told: {error}") from error
    if not isinstance(before, dict):
        raise Unreadable("what was there before cannot be told: the note is another")
    return [
        file.path
        for file in find_files(project, paths)
        if before.get(file.path) == _state(project, file.path)
    ]


def _state(project: Path, path: str) -> list[int]:
    """What changes whenever a file is written, moved here or made anew."""
    try:
        state = (project / path).lstat()
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror}") from error
    return [state.st_ino, state.st_mtime_ns, state.st_ctime_ns]
