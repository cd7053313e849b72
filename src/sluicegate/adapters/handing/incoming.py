"""Reading a hand-over that nobody is to be trusted with: plain files, and all known.

It is written by a job that runs other people's code. Nothing but plain files right in
their places is read, no link is followed, and what is there is what the index names, no
more and no less. Whatever is read is what its digest says.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sluicegate.adapters.handing.outgoing import FILES, INDEX
from sluicegate.adapters.stores.durable import NO_FOLLOW, NO_WAIT
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hand_over import HandedFile

MAX_FILE_BYTES = 256 << 20
MAX_BYTES = 4 << 30
MAX_FILES = 20_000
MAX_ARCHIVE_BYTES = 64 << 30
_CHUNK = 1 << 20


class IncomingFolder:
    """The hand-over in the folder *place*."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def index(self, digest: Digest, limit: int) -> bytes:
        """The index, at most *limit* bytes.

        Raises:
            IntegrityError: it is not the one with that digest.
            UsageError: there is none, or it is too large.
        """
        if not self._place.is_dir():
            raise UsageError(f"there is no folder {self._place} with a hand-over")
        with self._open(INDEX, limit) as file:
            data = b"".join(_chunks(file, limit))
        if Digest.of(data) != digest:
            raise IntegrityError(
                f"the hand-over in {self._place} is not the one that was announced:"
                f" {INDEX} is {Digest.of(data)} and not {digest}",
                hint="who could write to it in between? Run the job anew that made it",
            )
        return data

    def check(
        self, files: Mapping[Digest, int], archives: Mapping[str, HandedFile]
    ) -> None:
        """See to it that the folder holds these files as named, and nothing else.

        Args:
            files: sizes, in bytes, by digest.
            archives: what else there is, by name.

        Raises:
            IntegrityError: one of them is another than its digest says.
            UsageError: one is missing, too large or no plain file, or there are more.
        """
        if len(files) > MAX_FILES or sum(files.values()) > MAX_BYTES:
            raise self._refuse(
                f"holds more than {MAX_FILES} files or {MAX_BYTES >> 30} GiB"
            )
        self._check_names("", {INDEX, *archives, *([FILES] if files else [])})
        if files or (self._place / FILES).exists():
            self._check_names(FILES, {digest.hex for digest in files})
        for digest, size in files.items():
            self._check(f"{FILES}/{digest.hex}", HandedFile(digest, size))
        for name, archive in archives.items():
            self._check(name, archive, MAX_ARCHIVE_BYTES)

    def read(self, file: HandedFile) -> bytes:
        """One of the files.

        Raises:
            IntegrityError: it is not what it was.
            UsageError: it is not there any more.
        """
        name = f"{FILES}/{file.digest.hex}"
        with self._open(name, MAX_FILE_BYTES) as descriptor:
            data = b"".join(_chunks(descriptor, MAX_FILE_BYTES))
        if Digest.of(data) != file.digest:
            raise self._changed(name)
        return data

    def path_of(self, name: str) -> str:
        """The absolute path of the archive called *name*."""
        return str(self._place.resolve() / name)

    def _check_names(self, folder: str, known: set[str]) -> None:
        path = self._place / folder
        try:
            if folder and not stat.S_ISDIR(path.lstat().st_mode):
                raise self._refuse(f"has no folder {folder} but something else")
            with os.scandir(path) as entries:
                found = {entry.name for entry in entries}
        except OSError as error:
            raise self._refuse(f"cannot be read: {folder}: {error.strerror}") from error
        known = known | ({FILES} if not folder else set())
        if extra := sorted(found - known):
            raise self._refuse(f"holds what its index does not name: {extra[0]!r}")

    def _check(self, name: str, file: HandedFile, limit: int = MAX_FILE_BYTES) -> None:
        hashed = hashlib.sha256()
        with self._open(name, limit) as descriptor:
            size = os.fstat(descriptor).st_size
            if size != file.size:
                raise self._changed(name)
            for chunk in _chunks(descriptor, limit):
                hashed.update(chunk)
        if hashed.hexdigest() != file.digest.hex:
            raise self._changed(name)

    @contextmanager
    def _open(self, name: str, limit: int) -> Iterator[int]:
        try:
            descriptor = os.open(self._place / name, os.O_RDONLY | NO_FOLLOW | NO_WAIT)
        except FileNotFoundError:
            raise self._refuse(f"has no {name}") from None
        except OSError as error:
            raise self._refuse(f"cannot be read: {name}: {error.strerror}") from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
                raise self._refuse(
                    f"has a {name} that is no plain file of at most {limit} bytes"
                )
            yield descriptor
        finally:
            os.close(descriptor)

    def _changed(self, name: str) -> IntegrityError:
        return IntegrityError(
            f"the hand-over in {self._place}: {name} is not what its index says",
            hint="who could write to it in between? Run the job anew that made it",
        )

    def _refuse(self, why: str) -> UsageError:
        return UsageError(
            f"the hand-over in {self._place} {why}",
            hint="take it as `sluice run --hand-over` has written it, all of it",
        )


def _chunks(descriptor: int, limit: int) -> Iterator[bytes]:
    """All of a file, or a little more than *limit* bytes of one that grows."""
    read = 0
    while read <= limit and (chunk := os.read(descriptor, _CHUNK)):
        read += len(chunk)
        yield chunk
