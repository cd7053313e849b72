"""Images as files, on their way from one engine to another."""

from typing import Protocol

from sluicegate.model.digest import Digest


class ImageArchives(Protocol):
    """The images of this machine's engine."""

    def save(self, image: Digest, path: str) -> None:
        """Write the image with the ID *image*, and none of its names, to a new file.

        Raises:
            ExternalError: the engine does not have it, or cannot.
            Interrupted: asked to stop.
        """
        ...

    def load(self, image: Digest, path: str, name: str) -> None:
        """Let the engine have the image in the file at *path* under *name* alone.

        Only if it is the one with the ID *image*: nothing else gets onto the engine,
        and no name but *name* is touched.

        Raises:
            PermanentError: the file holds something else, or is no archive.
            ExternalError: the engine cannot.
            Interrupted: asked to stop.
        """
        ...
