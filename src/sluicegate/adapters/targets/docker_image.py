"""Having the image of a release on the engine that is to run it."""

from collections.abc import Callable

from docker import DockerClient
from docker.errors import ImageNotFound

from sluicegate.adapters.targets.docker_engine import connect, engine_errors
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.model.rollout import Release

Pull = Callable[[str], None]
"""Pulls a reference to the engine; raises ExternalError."""


def provide_image(client: DockerClient, release: Release, pull: Pull) -> str | None:
    """Have the image of *release* here, pulled by digest where it was published.

    Returns:
        None, or why it cannot be had.

    Raises:
        ExternalError: the engine or the registry failed.
        IntegrityError: what was pulled is another image.
    """
    if _find(client, str(release.image)) is not None:
        return None
    if release.reference is None:
        return f"this engine has no image {release.image}, and none was published"
    pull(release.reference)
    pulled = _find(client, release.reference)
    if pulled == str(release.image):
        return None
    digest = release.reference.rpartition("@")[2]
    if pulled in {None, digest}:
        raise PermanentError(
            f"{release.reference} was pulled, and this engine does not know it as"
            f" {release.image}",
            hint="build and run on engines with the same image store (classic or"
            " containerd), and without a docker context of your own",
        )
    raise IntegrityError(
        f"{release.reference} is {pulled}, not {release.image}, which was scanned"
    )


def carry_image(client: DockerClient, release: Release) -> None:
    """Bring the image of *release* from this machine's engine to that of *client*.

    Nothing is done where it is there already, or not here.

    Raises:
        ExternalError: an engine failed, or none is here.
    """
    name = str(release.image)
    if _find(client, name) is not None:
        return
    here = connect()
    try:
        if _find(here, name) is None:
            return
        with engine_errors(f"carry image {name} to the host that serves"):
            # Chunk by chunk: an image may be larger than this machine's memory.
            for _ in client.images.load(here.images.get(name).save()):  # type: ignore[arg-type]  # any iterable is sent
                pass
    finally:
        here.close()


def refuse_pull(reference: str) -> None:
    """Pull nothing: for a target whose images are all built where they run.

    Raises:
        PermanentError: always.
    """
    raise PermanentError(f"{reference} is not on this engine")


def _find(client: DockerClient, name: str) -> str | None:
    """The ID of an image, or None if it is not here."""
    with engine_errors(f"inspect image {name}"):
        try:
            return client.images.get(name).id
        except ImageNotFound:
            return None
