"""Manifests of images, as registries serve them. Pure.

What a registry says is worth what its bytes hash to: the digest is always computed.

Source:
    https://github.com/opencontainers/image-spec, manifest.md and image-index.md v1.1;
    Docker's own types are older names for the same form. A document that could be read
    as either a manifest or an index is refused (CVE-2021-41190).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.publication import ServedManifest

_DOCKER, _OCI = "application/vnd.docker.distribution", "application/vnd.oci.image"
_IMAGES = (f"{_OCI}.manifest.v1+json", f"{_DOCKER}.manifest.v2+json")
_LISTS = (f"{_OCI}.index.v1+json", f"{_DOCKER}.manifest.list.v2+json")
MEDIA_TYPES = (*_LISTS, *_IMAGES)
"""The forms of manifest that can be read, for a request's Accept header."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, or an index of several.

    ``config`` is the digest of the image's configuration, which is the image's ID in an
    engine with the classic store; an index has none. ``content_bytes`` is what the
    configuration and the layers take, compressed.
    """

    digest: Digest
    media_type: str
    size: int
    config: Digest | None
    content_bytes: int | None


class _Descriptor(BaseModel):
    digest: str
    size: int = Field(ge=0, lt=2**53)


class _Image(BaseModel):
    config: _Descriptor
    layers: Sequence[_Descriptor]


class _List(BaseModel):
    manifests: Sequence[_Descriptor]


def parse_manifest(served: ServedManifest) -> Manifest:
    """Read a manifest or an index.

    Raises:
        PermanentError: the bytes are neither, or not what they are called.
    """
    try:
        document = json.loads(served.data)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    if not isinstance(document, dict):
        raise _unreadable("it is no object")
    media_type = _media_type(served.media_type, document)
    digest, size = Digest.of(served.data), len(served.data)
    try:
        if media_type in _LISTS:
            _List.model_validate(document)
            return Manifest(digest, media_type, size, None, None)
        image = _Image.model_validate(document)
        config = Digest.parse(image.config.digest)
    except (ValidationError, UsageError) as error:
        raise _unreadable(str(error)) from error
    content = image.config.size + sum(layer.size for layer in image.layers)
    return Manifest(digest, media_type, size, config, content)


def _media_type(served: str, document: Mapping[str, object]) -> str:
    """What the document is, by its own word and the registry's."""
    called = served.partition(";")[0].strip()
    written = document.get("mediaType", called)
    if written not in MEDIA_TYPES or written != called:
        raise _unreadable(f"it is called {called!r} and says it is {written!r}")
    if "manifests" in document and ("config" in document or "layers" in document):
        raise _unreadable("it could be a manifest as well as an index")
    return called


def _unreadable(why: str) -> PermanentError:
    return PermanentError(
        f"the registry serves no manifest of an image: {' '.join(why.split())[:300]}",
        hint="is this the registry that was meant? see `image:`",
    )
