"""Names of images: ``REGISTRY/PATH`` is a repository, with ``:TAG`` a reference.

Source:
    https://github.com/distribution/reference, grammar; Docker takes the part before the
    first slash for a registry only if it has a dot or a colon, or is ``localhost``.
"""

import re

MAX_TAG = 128
TAG = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{MAX_TAG - 1}}}")
REPOSITORY_PATTERN = (
    r"^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?"
    r"(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$"
)
"""The name of a repository, without tag."""


def registry_of(repository: str) -> str | None:
    """The registry that *repository* names; None where Docker would take its default.

    ``acme/model`` names none: Docker would push it to Docker Hub.
    """
    host, slash, _ = repository.partition("/")
    is_host = "." in host or ":" in host or host == "localhost"
    return host if slash and is_host else None


def by_digest(repository: str, digest: object) -> str:
    """The reference that can mean one manifest only: ``REPOSITORY@sha256:...``."""
    return f"{repository}@{digest}"
