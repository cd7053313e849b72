"""An image in a registry."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.model.digest import Digest


@dataclass(frozen=True, slots=True)
class PublishedImage:
    """What a registry serves under ``reference``, as ``ghcr.io/acme/model:v1.2.0``.

    ``digest`` is that of the manifest, by which everybody else asks for the image;
    ``size`` is the manifest's, in bytes, as in an OCI descriptor.
    """

    reference: str
    digest: Digest
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document about an image, kept beside it in the registry.

    ``name`` is that of the file that clients make of it, ``media_type`` that of
    ``data`` and of the artifact that holds it; ``annotations`` say in lists what it is.
    """

    name: str
    media_type: str
    data: bytes
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment in its registry. ``was_there`` if it was before it was asked for.

    ``digest`` is that of the manifest that holds it.
    """

    digest: Digest
    was_there: bool


@dataclass(frozen=True, slots=True)
class ServedManifest:
    """The bytes of a manifest as a registry served them, and what it called them."""

    media_type: str
    data: bytes
