"""The environment's folder on the host: the routing file, and the lease.

Files: ``proxy/routing.yml``, which the proxy's container sees (the folder is mounted,
because a mounted file would never show the rename), ``lock``, and ``fence``.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sluicegate.adapters.lock_file import try_lock
from sluicegate.adapters.stores.durable import sync_directory
from sluicegate.adapters.targets.traefik_config import (
    Routing,
    build_config,
    parse_config,
)
from sluicegate.errors import PermanentError, TransientError

ROUTING_FILE = "routing.yml"


@dataclass(frozen=True, slots=True)
class Fence:
    """Who may change the environment: entry ``number`` of ``log`` gave the lease."""

    log: str
    number: int


class StateDirectory:
    """A folder of this host that belongs to one environment."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._fence = Fence("", 0)
        self.proxy = self._path / "proxy"

    @contextmanager
    def lease(self, what: str) -> Iterator[None]:
        """Keep other rollouts out. Ends with the process, however that ends.

        Args:
            what: what is leased, for the message.

        Raises:
            TransientError: another process holds it.
            PermanentError: the folder cannot be written.
        """
        with self._errors():
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self._path / "lock").open("a+", encoding="ascii")
        with file:
            with self._errors():
                is_mine = try_lock(file.fileno())
            if not is_mine:
                file.seek(0)
                raise TransientError(
                    f"another rollout of {what} is under way (process {file.read()})",
                    hint="wait for it to end, or end that process",
                )
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def raise_fence(self, log: str, number: int) -> None:
        """From now on, refuse whoever comes with a lower number; durable on return.

        Numbers of different logs say nothing of each other: the later one has it.

        Raises:
            PermanentError: somebody with a higher one was here, or the folder cannot
                be written.
        """
        self._fence = Fence(log, number)
        self._check_fence(is_new=True)
        with self._errors():
            new = self._path / "fence.new"
            with new.open("w", encoding="utf-8") as file:
                file.write(json.dumps({"log": log, "fence": number}))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path / "fence")
            sync_directory(self._path)

    def _check_fence(self, *, is_new: bool = False) -> None:
        found = self._read_fence()
        if found is None or (is_new and found.log != self._fence.log):
            return
        if found.log != self._fence.log or found.number > self._fence.number:
            raise PermanentError(
                f"this rollout's lease, entry {self._fence.number} of the log, is over:"
                f" entry {found.number} took its place",
                hint="leave the environment to that rollout; `sluice audit log --type"
                " 'lease.*'` shows whose it is",
            )

    def _read_fence(self) -> Fence | None:
        with self._errors():
            try:
                text = (self._path / "fence").read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
            except UnicodeDecodeError as error:
                raise PermanentError(f"not a fence: {error}") from error
        try:
            match json.loads(text):
                case {"log": str(log), "fence": int(number)}:
                    return Fence(log, number)
                case _:
                    pass
        except ValueError:
            pass
        raise PermanentError(
            f"not a fence: {text[:80]!r}",
            hint=f"remove {self._path / 'fence'} if no rollout is under way",
        )

    def load(self) -> Routing | None:
        """Who serves, or None in an environment that never had a release.

        Raises:
            PermanentError: the file is there and cannot be read.
        """
        with self._errors():
            try:
                text = (self.proxy / ROUTING_FILE).read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
            except UnicodeDecodeError as error:
                raise PermanentError(f"not a routing file: {error}") from error
        return parse_config(text)

    def save(self, routing: Routing) -> None:
        """Replace the routing file, durably and whole.

        Never rewritten in place: the proxy would load the half-written file, which is
        an empty configuration, and refuse every request until the rest is there.

        Raises:
            PermanentError: the folder cannot be written, or a later lease is here.
        """
        self._check_fence()
        with self._errors():
            self.proxy.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = self.proxy / f"{ROUTING_FILE}.new"
            with new.open("w", encoding="utf-8") as file:
                file.write(build_config(routing))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.proxy / ROUTING_FILE)
            sync_directory(self.proxy)

    def forget(self) -> None:
        """Remove the routing file and the fence, once nothing serves any more."""
        with self._errors():
            (self.proxy / ROUTING_FILE).unlink(missing_ok=True)
            (self._path / "fence").unlink(missing_ok=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise PermanentError(
                f"the state of the environment cannot be used: {error}",
                hint=f"make {self._path} readable and writable for this user",
            ) from error
