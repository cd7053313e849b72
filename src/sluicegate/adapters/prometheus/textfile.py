"""A file of metrics, for the textfile collector of Prometheus's node exporter.

Source:
    https://github.com/prometheus/node_exporter#textfile-collector: it reads every file
    of a folder whose name ends with ``.prom``, at any time; so a file is written under
    another name, and takes the place of the one before it at once.
"""

import os
from contextlib import suppress
from pathlib import Path

from sluicegate.errors import PermanentError

_MODE = 0o644  # the node exporter is another user


def write_textfile(path: Path, page: bytes) -> None:
    """Put *page* in place of what is at *path*, whole or not at all.

    The folder has to be there. What is no plain file is not replaced.

    Raises:
        PermanentError: it cannot be written; what was there before is there still.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        _check_replaceable(path)
        try:
            _write_new(draft, page)
            draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise PermanentError(
            f"the metrics were not written to {path}: {why}",
            hint="name a file in a folder that exists and can be written",
        ) from error


def _check_replaceable(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise ValueError("it is no plain file")


def _write_new(path: Path, page: bytes) -> None:
    path.unlink(missing_ok=True)  # of a process that had the number before, and died
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with open(place, "wb") as file:  # noqa: PTH123 - a descriptor
        if hasattr(os, "fchmod"):
            os.fchmod(place, _MODE)  # whatever the umask
        file.write(page)
