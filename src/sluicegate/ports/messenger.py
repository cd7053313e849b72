"""Telling people, somewhere else."""

from typing import Protocol


class Messenger(Protocol):
    """One place where messages go. May be used from any thread."""

    def explain_absence(self) -> str | None:
        """Why nothing can be delivered there, if that is known beforehand."""
        ...

    def send(self, body: bytes, text: str) -> None:
        """Deliver a message within a few seconds: *body* is JSON, *text* one line.

        Raises:
            ExternalError: it may not have been delivered; says why without a secret.
            Interrupted: asked to stop.
        """
        ...
