"""Whether the files of a model are still those that they were."""

import hashlib
import os
import stat
from pathlib import Path

from sluicegate.model.digest import Digest
from sluicegate.model.model_manifest import digest_content
from sluicegate.model_files.folder import Unreadable, find_files, open_file


def find_content(project: Path, paths: list[str]) -> str:
    """The digest of what is below *paths* now, as 64 hexadecimal digits.

    Raises:
        Unreadable: a file cannot be read, or is none that a model has.
    """
    return digest_content(_read(project, paths)).hex


def _read(project: Path, paths: list[str]) -> list[tuple[str, int, Digest | None]]:
    found: list[tuple[str, int, Digest | None]] = []
    for file in find_files(project, paths):
        if file.refused is not None:
            raise Unreadable(f"{file.path} is no plain file: {file.refused.message}")
        try:
            with os.fdopen(open_file(project / file.path), "rb") as opened:
                if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                    raise Unreadable(f"{file.path} is no plain file")
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
                found.append((file.path, opened.tell(), Digest(digest)))
        except OSError as error:
            raise Unreadable(f"cannot read {file.path}: {error.strerror}") from error
    return found
