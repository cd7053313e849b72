"""A program that sluicegate runs, and how it is known again."""

from dataclasses import dataclass

from sluicegate.model.digest import Digest

DOCKER_CLASSIC = "docker-classic"
"""The name of a Docker client that cannot build with BuildKit."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program found on this machine.

    ``argv`` is what starts it (one element for a plain binary). ``digest`` is that of
    the binary; None where the program is not one file. ``origin`` says in a few words
    why this one was taken ("on PATH", "the project's .venv").
    """

    name: str
    argv: tuple[str, ...]
    version: str
    digest: Digest | None
    origin: str
