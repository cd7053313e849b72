"""What a host says of itself when it is reached. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from sluicegate.errors import PermanentError


class Survey(NamedTuple):
    """What the host has.

    ``user`` is UID:GID, ``state`` the folder for the state of programs; ``docker`` the
    engine's socket, "" if there is none for this user; ``denied`` one that this user
    may not use; ``lacks`` programs that are missing.
    """

    user: str
    name: str
    state: str
    docker: str
    denied: str
    lacks: str

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> "Survey | None":
        """What `ssh_scripts.SURVEY` prints; None if it ends before it is ready."""
        found: dict[str, str] = {}
        for line in lines:
            name, _, value = line.decode(errors="replace").strip().partition("=")
            if name == "ready" and found.keys() >= set(cls._fields):
                return cls(**{each: found[each] for each in cls._fields})
            found[name] = value.strip()
        return None

    def check(self, address: str) -> None:
        """See to it that the host has what a target needs.

        Raises:
            PermanentError: it has not.
        """
        if not self.docker and self.denied:
            raise PermanentError(
                f"{self.name} may not use the Docker engine of {address}"
                f" ({self.denied})",
                hint=f"there, as root: usermod -aG docker {self.name}",
            )
        if not self.docker:
            raise PermanentError(
                f"{address} has no Docker engine for {self.name}",
                hint="install and start it there: `docker info` must work for that user"
                " (an engine elsewhere: set DOCKER_HOST=unix://... for the account)",
            )
        if self.lacks:
            raise PermanentError(
                f"{address} lacks programs that a target needs: {self.lacks}",
                hint="on Debian and Ubuntu: apt-get install util-linux coreutils",
            )
