"""The containers of an environment's releases: one for each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container

from sluicegate.adapters.targets.docker_engine import (
    KEEP_RUNNING,
    Place,
    engine_errors,
    read_last_lines,
)
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

_ROLE = "release"
_GRACE_SECONDS = 10  # from SIGTERM to SIGKILL


class ReleaseContainers:
    """Starts, watches and removes the containers of releases.

    A container starts without a restart policy, so that one which cannot run is seen
    to have ended; `keep` gives it one, once it is healthy.
    """

    def __init__(
        self, client: DockerClient, place: Place, port: int, env: Mapping[str, str]
    ) -> None:
        self._client, self._place = client, place
        settings = "\n".join(f"{key}={env[key]}" for key in sorted(env))
        self._env = dict(env)
        self._settings = Digest.of(f"{port}\n{settings}".encode()).hex

    def host(self, release: Release) -> str:
        """The container's name, which is its host name on the network."""
        return f"{self._place.name}-{release.image.short}"

    def exists(self, release: Release) -> bool:
        """Whether there is a container, running or not."""
        return self._find(release) is not None

    def is_there(self, name: str) -> bool:
        """Whether there is a container called *name*, running or not."""
        return self._get(name) is not None

    def is_running(self, release: Release) -> bool:
        """Whether the container runs now."""
        container = self._find(release)
        return container is not None and container.status == "running"

    def start(self, release: Release, network: str) -> str | None:
        """Start *release*, or go on with a sound container that is there already.

        Returns:
            None, or why it cannot be started.
        """
        container = self._find(release)
        if container is not None:
            same = container.labels.get("sluicegate.settings") == self._settings
            if same and _fault(container) is None:
                return None
            self._remove(container)
        with engine_errors(f"start {release.name}"):
            try:
                self._create(release, network).start()
            except ImageNotFound:
                return f"this engine has no image {release.image}"
            except APIError as error:
                if error.is_server_error():
                    raise
                return f"it cannot be started: {error.explanation}"
        return None

    def keep(self, release: Release) -> None:
        """Have the engine restart *release* whenever it ends, and after a reboot."""
        container = self._find(release)
        if container is None:
            raise PermanentError(f"the container of {release.name} is gone")
        with _may_vanish(), engine_errors(f"keep {release.name} running"):
            container.update(restart_policy=KEEP_RUNNING)

    def fault(self, release: Release) -> str | None:
        """Why *release* does not serve, or None."""
        container = self._find(release)
        return "its container is gone" if container is None else _fault(container)

    def last_lines(self, release: Release) -> str:
        """The end of what *release* wrote, or nothing."""
        container = self._find(release)
        if container is None:
            return ""
        with engine_errors(f"read the output of {release.name}"):
            return read_last_lines(container)

    def strangers(self, known: tuple[Release, ...]) -> tuple[str, ...]:
        """The names of containers here that belong to none of the *known* releases."""
        expected = {self.host(release) for release in known}
        with engine_errors("list containers"):
            found = self._client.containers.list(
                all=True, filters=self._place.filters(_ROLE), ignore_removed=True
            )
        names = (str(container.name) for container in found)
        return tuple(sorted(name for name in names if name not in expected))

    def remove(self, name: str) -> None:
        """Stop a container (SIGTERM, then SIGKILL) and remove it, if it is there."""
        container = self._get(name)
        if container is not None:
            self._remove(container)

    def _find(self, release: Release) -> Container | None:
        return self._get(self.host(release))

    def _get(self, name: str) -> Container | None:
        with engine_errors(f"inspect {name}"):
            try:
                return self._client.containers.get(name)
            except NotFound:
                return None

    def _create(self, release: Release, network: str) -> Container:
        labels = self._place.labels(_ROLE) | {
            "sluicegate.image": str(release.image),
            "sluicegate.release": release.name,
            "sluicegate.commit": release.commit,
            "sluicegate.settings": self._settings,
        }
        return self._client.containers.create(
            str(release.image),
            name=self.host(release),
            labels=labels,
            environment=self._env,
            network=network,
            detach=True,
        )

    def _remove(self, container: Container) -> None:
        with _may_vanish(), engine_errors(f"remove {container.name}"):
            if container.status != "created":
                container.stop(timeout=_GRACE_SECONDS)
            container.remove(v=True, force=True)


@contextmanager
def _may_vanish() -> Iterator[None]:
    """Somebody else removed it: what was wanted is done, or is seen next time."""
    try:
        yield
    except PermanentError as error:
        if not isinstance(error.__cause__, NotFound):
            raise


def _fault(container: Container) -> str | None:
    state, restarts = container.attrs["State"], container.attrs["RestartCount"]
    if state["Running"] and not state["Restarting"] and restarts == 0:
        return None
    if state["Status"] == "created":
        return "its container was never started"
    what = f"ended with exit code {state['ExitCode']}"
    if restarts:
        what = f"crashed and was restarted {restarts} times"
    if state["OOMKilled"]:
        what += ", out of memory"
    with engine_errors("read the output of a container"):
        lines = read_last_lines(container)
    return f"it {what}; its last output: {lines or 'none'}"
