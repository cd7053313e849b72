"""Removing images from the Docker engine of this host."""

from sluicegate.adapters.targets.docker_engine import connect, engine_errors


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
