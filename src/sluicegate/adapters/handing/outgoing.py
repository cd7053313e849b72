"""Writing a hand-over: a folder that is there whole, or not at all."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection
from pathlib import Path

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hand_over import HandedFile

INDEX, FILES = "handover.json", "files"


class OutgoingFolder:
    """The folder *place*, which is not there yet or empty; written beside it first."""

    def __init__(self, place: Path) -> None:
        """Begin.

        Raises:
            UsageError: there is something already, or nothing can be written there.
        """
        self._place = Path(os.path.abspath(place))  # noqa: PTH100 - links stay
        if os.path.lexists(place) and not _is_empty_folder(place):
            raise UsageError(
                f"{place} is there already, and is no empty folder",
                hint="name a folder that is not there yet",
            )
        name = f".{self._place.name}.{secrets.token_hex(4)}.partial"
        self._partial = self._place.with_name(name)
        try:
            self._partial.mkdir(parents=True)
            (self._partial / FILES).mkdir()
        except OSError as error:
            raise UsageError(f"cannot write {place}: {error.strerror}") from error

    def keep(self, data: bytes) -> HandedFile:
        """Write a file, unless one of that content is there.

        Raises:
            PermanentError: it cannot be written.
        """
        digest = Digest.of(data)
        path = self._partial / FILES / digest.hex
        try:
            if not path.exists():
                path.write_bytes(data)
        except OSError as error:
            raise self._failed(error) from error
        return HandedFile(digest, len(data))

    def path_of(self, name: str) -> str:
        """Where the file called *name* goes, written by somebody else."""
        return str(self._partial / name)

    def look_at(self, name: str) -> HandedFile:
        """What somebody else has written as *name*.

        Raises:
            PermanentError: it cannot be read.
        """
        try:
            with (self._partial / name).open("rb") as file:
                digest = Digest(hashlib.file_digest(file, "sha256").hexdigest())
                return HandedFile(digest, file.tell())
        except OSError as error:
            raise self._failed(error) from error

    def finish(self, index: bytes, named: Collection[Digest]) -> None:
        """Put the folder where it belongs, whole, without files that are not *named*.

        Raises:
            PermanentError: it cannot be put there.
        """
        names = {digest.hex for digest in named}
        try:
            (self._partial / INDEX).write_bytes(index)
            for path in (self._partial / FILES).iterdir():
                if path.name not in names:  # of an attempt that another one followed
                    path.unlink()
            for path in (self._partial, self._partial / FILES):
                path.chmod(0o755)
            self._partial.replace(self._place)
        except OSError as error:
            raise self._failed(error) from error

    def abandon(self) -> None:
        """Leave nothing behind, unless it was finished."""
        shutil.rmtree(self._partial, ignore_errors=True)

    def _failed(self, error: OSError) -> PermanentError:
        return PermanentError(f"cannot write {self._place}: {error.strerror or error}")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
