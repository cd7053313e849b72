"""Looking for programs on PATH."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest


def find_programs(name: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Every program called *name* on the PATH of *environ*, each file once.

    Entries that are relative, or empty, lead into the project's folder, where anybody
    may have put a program of that name: they are passed over.
    """
    seen = set()
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder) / name
        if not path.is_absolute():
            continue
        if path.is_file() and os.access(path, os.X_OK):
            real = path.resolve()
            if real not in seen:
                seen.add(real)
                yield path.absolute()


def digest_file(path: Path) -> Digest:
    """The digest of the file at *path*.

    Raises:
        PermanentError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return Digest(hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise PermanentError(f"cannot read {path}: {error.strerror}") from error
