"""Registries of images."""

from datetime import timedelta
from typing import Protocol

from sluicegate.model.digest import Digest
from sluicegate.model.publication import ServedManifest
from sluicegate.ports.process import OnLine


class Registry(Protocol):
    """Registries, with the credentials of this user's Docker client.

    References are whole: ``HOST/PATH:TAG`` or ``HOST/PATH@DIGEST``. No error and no
    line quotes a credential.
    """

    def find(self, reference: str) -> ServedManifest | None:
        """What the registry serves as the manifest of *reference*, None if nothing.

        The bytes are as they came: whether they are what *reference* asks for is the
        caller's to check.

        Raises:
            TransientError: it does not answer, or not now.
            PermanentError: it refuses, or cannot be understood.
        """
        ...

    def push(
        self, image: Digest, reference: str, *, timeout: timedelta, on_line: OnLine
    ) -> Digest:
        """Push the engine's image with the ID *image* to *reference*, a tag.

        Pushing again what is there already sends no layer twice.

        Returns:
            The digest of the manifest, as the engine made it.

        Raises:
            TransientError: it did not get through; how far it came is unknown.
            PermanentError: the registry refuses, or the engine has no such image.
            Interrupted: asked to stop; the push has been given up.
        """
        ...
