"""A bare repository of our own for each log that is kept in a ref.

It holds what was fetched and what is about to be pushed, so that nothing of the user's
checkout is touched: no index, no work tree, no ``.git/shallow``, no ref. Losing it
costs one fetch, and the memory of what this machine has seen of the ref.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sluicegate.adapters.lock_file import try_lock
from sluicegate.adapters.stores.durable import CAN_WRITE, NO_FOLLOW
from sluicegate.adapters.stores.git_place import GitPlace
from sluicegate.adapters.stores.git_process import GitProgram, Settings
from sluicegate.errors import PermanentError

SEEN = "refs/log/seen"
"""The commit of the log that this machine saw last."""
LOST = "refs/log/lost/"
"""Commits that it saw once and that are not in the log's history any more."""

# Of what can be fetched again, Git may flush as little as it does by itself.
_DURABLE: Settings = (("core.fsync", "all"), ("core.fsyncMethod", "batch"))
_STALE_SECONDS = 3600.0  # longer than any command of git may take
_LOCK_SECONDS = 900.0  # a first fetch of a long log, and a push behind it
_LOCK_POLL_SECONDS = 0.02


class GitCache:
    """The repository for *place* under *folder*, the cache folder of this user."""

    def __init__(
        self, folder: Path, place: GitPlace, environ: Mapping[str, str]
    ) -> None:
        kind = "remote" if place.url else "local"
        identity = f"{kind} {place.object_format} {place.name}"
        name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
        self.root = folder / name[:32]
        self._place = place
        self._environ = environ
        self._mine = threading.RLock()
        self._depth = 0
        self._git: GitProgram | None = None

    def git(self) -> GitProgram:
        """Git in this repository, which is made on first use.

        Objects of a log in the user's own repository are read and written there.

        Raises:
            PermanentError: it cannot be made.
        """
        with self.locked():
            if self._git is None:
                self._git = self._make()
            return self._git

    def _make(self) -> GitProgram:
        git = GitProgram(self._environ, self._folder)
        repository = self.root / "repository.git"
        _remove_stale_locks(repository)
        if not (repository / "HEAD").is_file():
            git.ask(
                *("init", "--quiet", "--bare", "--template="),
                f"--object-format={self._place.object_format}",
                str(repository),
            )
        inside = git.knowing(GIT_DIR=str(repository))
        if self._place.url is None and self._place.repository is not None:
            objects = self._place.repository / "objects"
            return inside.knowing(_DURABLE, GIT_OBJECT_DIRECTORY=str(objects))
        return inside

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads, and this user's other processes, out of it.

        Raises:
            PermanentError: they do not let go, or the file system has no locks.
        """
        with self._mine:
            if self._depth or not CAN_WRITE:  # on Windows, logs are only read
                yield
                return
            file = self._take_lock()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                os.close(file)

    def _take_lock(self) -> int:
        deadline = time.monotonic() + _LOCK_SECONDS
        try:
            flags = os.O_RDWR | os.O_CREAT | NO_FOLLOW
            file = os.open(self._folder / "lock", flags, 0o644)
            os.utime(file)
            while not try_lock(file):
                if time.monotonic() > deadline:
                    os.close(file)
                    raise PermanentError(
                        f"{self.root}: another process has kept it for"
                        f" {_LOCK_SECONDS:g} s",
                        hint="see whether one hangs",
                    )
                time.sleep(_LOCK_POLL_SECONDS)
        except OSError as error:
            raise PermanentError(f"{self.root}: {error.strerror or error}") from error
        return file

    @property
    def _folder(self) -> Path:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PermanentError(
                f"cannot make {self.root}: {error.strerror or error}",
                hint="what is read of the log's ref is kept there: see XDG_CACHE_HOME",
            ) from error
        return self.root


def _remove_stale_locks(repository: Path) -> None:
    """Remove locks that a git left behind which was killed: nobody else ever would."""
    with suppress(OSError):
        now = (repository.parent / "lock").stat().st_mtime
        for lock in repository.rglob("*.lock"):
            if now - lock.stat().st_mtime > _STALE_SECONDS:
                lock.unlink()
