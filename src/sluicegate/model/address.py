"""Where a log or its evidence lives, as a person writes it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from sluicegate.errors import UsageError
from sluicegate.model.bucket import BucketAddress
from sluicegate.model.image import REPOSITORY_PATTERN, registry_of

SCHEMES = ("dir", "git", "s3")
EVIDENCE_SCHEMES = ("dir", "s3", "oci")
"""Where evidence may be that is not with its log."""

_REPOSITORY = re.compile(REPOSITORY_PATTERN)


@dataclass(frozen=True, slots=True)
class Address:
    """``scheme`` is one of `SCHEMES`; ``place`` is what follows ``dir:`` or ``s3://``.

    That of evidence may be ``oci``, and ``place`` then a repository, ``HOST/PATH``.

    A relative path is relative to whatever named it.
    """

    scheme: str
    place: str

    @classmethod
    def parse(cls, text: str, schemes: Sequence[str] = SCHEMES) -> "Address":
        """Read ``dir:PATH``, ``git:...``, ``s3://BUCKET/PREFIX`` or a plain path."""
        scheme, colon, place = text.partition(":")
        if colon and scheme in schemes:
            return cls(scheme, place.removeprefix("//") if scheme == "s3" else place)
        return cls("dir", text)

    @override
    def __str__(self) -> str:
        """As it is written in a pipeline file."""
        return f"{self.scheme}:{'//' if self.scheme == 's3' else ''}{self.place}"


def parse_evidence(text: str) -> Address:
    """Read ``dir:PATH``, ``s3://BUCKET/PREFIX``, ``oci:HOST/PATH`` or a plain path.

    Raises:
        UsageError: it names no bucket, no repository of a registry, or a Git ref.
    """
    if text.startswith("git:"):
        raise UsageError(
            "evidence is in a Git ref only together with its log",
            hint="dir:PATH, s3://BUCKET/PREFIX or oci:HOST/PATH",
        )
    address = Address.parse(text, EVIDENCE_SCHEMES)
    if address.scheme == "s3":
        bucket = BucketAddress.parse(address.place)
        if bucket.control != bucket.place.inside("ctl"):
            raise UsageError("evidence has no control objects: leave `control` out")
    if address.scheme == "oci" and not (
        _REPOSITORY.fullmatch(address.place) and registry_of(address.place)
    ):
        raise UsageError(
            f"not a repository of a registry: {address.place!r}",
            hint="oci:HOST/PATH, like oci:ghcr.io/acme/churn-model, without a tag",
        )
    if not address.place.strip():
        raise UsageError("the place of the evidence has no name")
    return address
