"""The image of a release in a cluster: by digest, and by nothing else. Pure."""

from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Release

_DIGEST = "@sha256:"


def reference_of(release: Release) -> str:
    """Where a cluster has the image from.

    Raises:
        PermanentError: it was not published, or is not named by its digest.
    """
    if release.reference is None:
        raise PermanentError(
            f"{release.name} was not published: a cluster pulls its images from a"
            " registry",
            hint="let the canary stage need a stage that publishes (uses: publish)",
        )
    if _DIGEST not in release.reference:
        raise PermanentError(
            f"{release.name} is named {release.reference}, which may be another image"
            " tomorrow: a cluster is told images by digest (NAME@sha256:...)"
        )
    return release.reference


def is_same_image(one: str, other: str) -> bool:
    """Whether both name the same image.

    A cluster may pull from another registry than it was told (a mirror): of images
    named by digest only that counts.
    """
    if _DIGEST in one and _DIGEST in other:
        return one.partition(_DIGEST)[2] == other.partition(_DIGEST)[2]
    return one == other
