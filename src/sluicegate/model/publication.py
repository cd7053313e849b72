"""An image in a registry."""

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
class ServedManifest:
    """The bytes of a manifest as a registry served them, and what it called them."""

    media_type: str
    data: bytes
