"""Containers and networks of smoke tests that were killed, and who owns them.

Each carries the name of a file that its program holds locked, and a time after which it
cannot be in use. A file that nobody holds is that of a program that is gone.
"""

import fcntl
import hashlib
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sluicegate.smoke.engine import Broken, Engine

_ROLE = "sluicegate.role=smoke"
_NAME = re.compile(r"sluicegate-smoke-[0-9a-f]{16}")
_FORMAT = '{{.%s}}\t{{.Label "sluicegate.place"}}\t{{.Label "sluicegate.until"}}'


class Place:
    """The folder *cache* of this machine, where the locks are.

    Jobs in containers may share an engine and have a folder of the same path each: what
    tells them apart is a word that the folder holds.
    """

    def __init__(self, cache: Path) -> None:
        self._folder = cache / "smoke"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            token = _token(self._folder / "place")
        except OSError as error:
            raise Broken(f"cannot write {self._folder}: {error.strerror}") from error
        whole = f"{socket.gethostname()} {token}"
        self._digest = hashlib.sha256(whole.encode()).hexdigest()

    @contextmanager
    def reserve(self) -> Iterator[str]:
        """A name for a container and its network, in use as long as this lasts.

        Raises:
            Broken: the folder cannot be written.
        """
        name = f"sluicegate-smoke-{secrets.token_hex(8)}"
        path = self._lock(name)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise Broken(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield name
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def labels(self, until: int) -> dict[str, str]:
        """By which others know whose it is, and until when (seconds since 1970)."""
        return {
            "sluicegate.role": "smoke",
            "sluicegate.place": self._digest,
            "sluicegate.until": str(until),
        }

    def clean(self, engine: Engine, now: int) -> None:
        """Remove what nobody uses at *now*, in seconds since 1970.

        Raises:
            Broken: the engine does not answer.
        """
        for name in sorted(self._abandoned(engine, now)):
            remove(engine, name)
            with suppress(OSError):
                self._lock(name).unlink(missing_ok=True)

    def _abandoned(self, engine: Engine, now: int) -> set[str]:
        options = ("--filter", f"label={_ROLE}", "--format")
        listed = (
            engine.run("ps", "--all", *options, _FORMAT % "Names"),
            engine.run("network", "ls", *options, _FORMAT % "Name"),
        )
        found: set[str] = set()
        for line in "\n".join(listed).splitlines():
            name, _, rest = line.partition("\t")
            place, _, until = rest.partition("\t")
            if not _NAME.fullmatch(name):
                continue
            is_over = until.isascii() and until.isdecimal() and int(until) < now
            if is_over or (place == self._digest and self._is_free(name)):
                found.add(name)
        return found

    def _is_free(self, name: str) -> bool:
        try:
            descriptor = os.open(self._lock(name), os.O_RDWR)
        except FileNotFoundError:
            return True
        except OSError:
            return False  # somebody else's: the time will tell
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)

    def _lock(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def _token(path: Path) -> str:
    """What the file *path* holds: a random word, from the first time on."""
    fresh = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    fresh.write_text(secrets.token_hex(16))
    try:
        with suppress(FileExistsError):
            os.link(fresh, path)  # whole, or not at all
    finally:
        fresh.unlink()
    return path.read_text()


def remove(engine: Engine, name: str) -> None:
    """Remove the container and the network called *name*, at once.

    Raises:
        Broken: one of them is still there.
    """
    for arguments in (("rm", "--force", "--volumes", name), ("network", "rm", name)):
        code, _, words = engine.call(*arguments)
        if code != 0 and not re.search("no such|not found", words, re.IGNORECASE):
            raise Broken(f"cannot remove {name}: {words[-300:]}")
