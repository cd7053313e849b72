"""The images on the Docker engine of this host."""

from docker.errors import ImageNotFound

from sluicegate.adapters.targets.docker_engine import connect, engine_errors


def has_image(image: str) -> bool:
    """Whether the engine of this host has the image with the ID *image*.

    Raises:
        ExternalError: the engine failed, or none answers.
    """
    client = connect()
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
