"""The images on Docker engines."""

from docker.errors import ImageNotFound

from sluicegate.adapters.targets.docker_engine import connect, engine_errors
from sluicegate.adapters.targets.host import Host


def has_image(image: str, host: Host | None = None) -> bool:
    """Whether the engine of *host*, by default here, has the image with this ID.

    Raises:
        ExternalError: the engine failed, or none answers.
    """
    client = connect() if host is None else host.connect()
    try:
        with engine_errors(f"inspect image {image}"):
            try:
                client.images.get(image)
            except ImageNotFound:
                return False
            return True
    finally:
        client.close()


def remove_images(repository: str) -> None:
    """Remove every image that bears a tag of *repository*; none is fine.

    Raises:
        ExternalError: the engine failed; call again.
    """
    client = connect()
    try:
        with engine_errors(f"remove the images of {repository}"):
            for image in client.images.list(name=repository):
                for tag in image.tags:
                    if tag.rpartition(":")[0] == repository:
                        client.images.remove(tag)
    finally:
        client.close()
