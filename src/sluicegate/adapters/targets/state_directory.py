"""The environment's folder where it is served: the routing file, and the lease.

Files: ``proxy/routing.yml``, which the proxy's container sees (the folder is mounted,
because a mounted file would never show the rename), ``lock``, and ``fence``.
"""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sluicegate.adapters.targets.state_files import FENCE, LocalFiles, StateFiles
from sluicegate.adapters.targets.traefik_config import (
    Routing,
    build_config,
    parse_config,
)
from sluicegate.errors import PermanentError, TransientError
from sluicegate.ports.fence import FencedOffError

ROUTING_FILE = "routing.yml"
_PROXY = "proxy"
_ROUTING = f"{_PROXY}/{ROUTING_FILE}"


@dataclass(frozen=True, slots=True)
class Fence:
    """Who may change the environment: entry ``number`` of ``log`` gave the lease."""

    log: str
    number: int


class StateDirectory:
    """A folder that belongs to one environment: *files* at *path*, by default here."""

    def __init__(self, path: Path, files: StateFiles | None = None) -> None:
        self._path = path.absolute()
        self._files = LocalFiles(self._path) if files is None else files
        self._fence = Fence("", 0)
        self.proxy = self._path / _PROXY

    def lease(self, what: str) -> AbstractContextManager[None]:
        """Keep other rollouts out. Ends with the process, however that ends.

        Args:
            what: what is leased, for the message.

        Raises:
            TransientError: another process holds it.
            PermanentError: the folder cannot be written.
        """
        return self._files.lock(what)

    def raise_fence(self, log: str, number: int) -> None:
        """From now on, refuse whoever comes with a lower number; durable on return.

        Numbers of different logs say nothing of each other: the later one has it.

        Raises:
            PermanentError: somebody with a higher one was here, or the folder cannot
                be written.
        """
        self._fence = Fence(log, number)
        text = json.dumps({"log": log, "fence": number})
        self._replace(FENCE, text, is_new=True)

    def _replace(self, name: str, text: str, *, is_new: bool = False) -> None:
        found = self._check_fence(is_new=is_new)
        if self._files.replace(name, text.encode(), fence=found):
            return
        self._check_fence(is_new=is_new)
        raise TransientError(
            "another rollout has begun at this moment: nothing was changed",
            hint="try again",
        )

    def _check_fence(self, *, is_new: bool) -> bytes | None:
        """What the file of the fence holds, if that lets this rollout go on."""
        data = self._files.read(FENCE)
        found = None if data is None else self._parse_fence(data)
        if found is None or (is_new and found.log != self._fence.log):
            return data
        if found.log != self._fence.log or found.number > self._fence.number:
            path = self._path / FENCE
            raise FencedOffError(
                str(path),
                found.number,
                self._fence.number,
                f"remove {path}",
                is_of_this_log=found.log == self._fence.log,
            )
        return data

    def _parse_fence(self, data: bytes) -> Fence:
        try:
            match json.loads(data.decode()):
                case {"log": str(log), "fence": int(number)}:
                    return Fence(log, number)
                case _:
                    pass
        except (ValueError, RecursionError):
            pass
        raise PermanentError(
            f"not a fence: {data[:80]!r}",
            hint=f"remove {self._path / FENCE} if no rollout is under way",
        )

    def load(self) -> Routing | None:
        """Who serves, or None in an environment that never had a release.

        Raises:
            PermanentError: the file is there and cannot be read.
        """
        data = self._files.read(_ROUTING)
        if data is None:
            return None
        try:
            return parse_config(data.decode())
        except UnicodeDecodeError as error:
            raise PermanentError(f"not a routing file: {error}") from error

    def save(self, routing: Routing) -> None:
        """Replace the routing file, durably and whole.

        Never rewritten in place: the proxy would load the half-written file, which is
        an empty configuration, and refuse every request until the rest is there.

        Raises:
            PermanentError: the folder cannot be written, or a later lease is here.
        """
        self._replace(_ROUTING, build_config(routing))

    def forget(self) -> None:
        """Remove the routing file and the fence, once nothing serves any more."""
        self._files.remove(_ROUTING, FENCE)
