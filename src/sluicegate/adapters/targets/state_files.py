"""The files of an environment: on this host, or wherever its target is."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from sluicegate.adapters.lock_file import try_lock
from sluicegate.adapters.stores.durable import sync_directory
from sluicegate.errors import PermanentError, TransientError

FENCE, LOCK = "fence", "lock"


class StateFiles(Protocol):
    """A folder that belongs to one environment. Names are relative to it."""

    def lock(self, what: str) -> AbstractContextManager[None]:
        """Keep other rollouts out. Ends with the process, however that ends.

        Args:
            what: what is leased, for the message.

        Raises:
            TransientError: somebody else holds it.
            PermanentError: the folder cannot be written.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """What a file holds, None if there is none.

        Raises:
            ExternalError: it cannot be read.
        """
        ...

    def replace(self, name: str, data: bytes, *, fence: bytes | None) -> bool:
        """Have *data* in a file, durable and whole: it is renamed into its place.

        Returns:
            False, and nothing is changed, if the file `FENCE` does not hold *fence*
            (None: is not absent).

        Raises:
            ExternalError: it cannot be written.
        """
        ...

    def remove(self, *names: str) -> None:
        """Have these files no more.

        Raises:
            ExternalError: they cannot be removed.
        """
        ...


class LocalFiles(StateFiles):
    """A folder of this host."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @override
    @contextmanager
    def lock(self, what: str) -> Iterator[None]:
        with self._errors():
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self._path / LOCK).open("a+", encoding="ascii", errors="replace")
        with file:
            with self._errors():
                is_mine = try_lock(file.fileno())
            if not is_mine:
                file.seek(0)
                raise under_way(what, file.read())
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @override
    def read(self, name: str) -> bytes | None:
        with self._errors():
            try:
                return (self._path / name).read_bytes()
            except FileNotFoundError:
                return None

    @override
    def replace(self, name: str, data: bytes, *, fence: bytes | None) -> bool:
        if self.read(FENCE) != fence:
            return False
        with self._errors():
            path = self._path / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_name(f"{path.name}.new")
            with new.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            sync_directory(path.parent)
        return True

    @override
    def remove(self, *names: str) -> None:
        with self._errors():
            for name in names:
                (self._path / name).unlink(missing_ok=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unusable(str(error), str(self._path)) from error


def under_way(what: str, who: str) -> TransientError:
    """Somebody else holds the lock of *what*; *who* is what they wrote into it."""
    return TransientError(
        f"another rollout of {what} is under way (process {who.strip()})",
        hint="wait for it to end, or end that process",
    )


def unusable(why: str, path: str) -> PermanentError:
    """The folder at *path* does not do."""
    return PermanentError(
        f"the state of the environment cannot be used: {why}",
        hint=f"make {path} readable and writable for this user",
    )
