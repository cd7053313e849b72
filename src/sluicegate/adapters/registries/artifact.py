"""What the manifests look like that hold evidence in a registry. Pure.

Source:
    https://github.com/opencontainers/image-spec v1.1, manifest.md, "Guidelines for
    Artifact Usage"; https://github.com/opencontainers/distribution-spec v1.1, "Pushing
    Manifests with Subject" and "Referrers Tag Schema".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sluicegate.adapters.registries.repository import INDEX, MANIFEST
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.publication import Attachment, PublishedImage, ServedManifest

ARTIFACT = "application/vnd.sluicegate.evidence.v1"
"""The type of an artifact that holds evidence."""

EMPTY = b"{}"
"""The blob for a configuration that there is not, as the specification has it."""

_TITLE = "org.opencontainers.image.title"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_BYTES = "application/octet-stream"
_MAX_INDEX_BYTES = 4 << 20

Json = dict[str, Any]


def evidence_tag(digest: Digest) -> str:
    """The tag that keeps a file of evidence.

    It is not ``sha256-...``: by that the referrers of a manifest with this digest are
    found, and the manifests of published images are evidence, too.
    """
    return f"evidence-sha256-{digest.hex}"


def referrers_tag(subject: Digest) -> str:
    """The tag of the list of a manifest's referrers, where nothing better is known."""
    return f"sha256-{subject.hex}"


def hold_file(digest: Digest, size: int) -> ServedManifest:
    """The manifest that keeps one file: always the same bytes for the same file."""
    return _manifest([_descriptor(_BYTES, digest, size)])


def refer_to(
    image: PublishedImage,
    files: Iterable[EvidenceFile],
    annotations: Mapping[str, str],
) -> ServedManifest:
    """The manifest that says which *files* are evidence of *image*."""
    layers = [
        {
            **_descriptor(file.media_type, file.digest, file.size),
            "annotations": {_TITLE: file.name},
        }
        for file in files
    ]
    subject = _descriptor(image.media_type, image.digest, image.size)
    return _manifest(layers, subject=subject, annotations=dict(annotations))


def hold_attachment(image: PublishedImage, attachment: Attachment) -> ServedManifest:
    """The manifest that keeps *attachment* and says that it is about *image*.

    Always the same bytes for the same attachment.
    """
    digest, size = Digest.of(attachment.data), len(attachment.data)
    layer = {
        **_descriptor(attachment.media_type, digest, size),
        "annotations": {_TITLE: attachment.name},
    }
    return _manifest(
        [layer],
        attachment.media_type,
        subject=_descriptor(image.media_type, image.digest, image.size),
        annotations=dict(attachment.annotations),
    )


def add_referrer(
    listed: ServedManifest | None,
    referrer: ServedManifest,
    annotations: Mapping[str, str],
    artifact_type: str = ARTIFACT,
) -> ServedManifest | None:
    """The list of referrers with *referrer* in it; None if it is there already.

    Raises:
        PermanentError: *listed* is no such list.
    """
    known = [] if listed is None else _read_index(listed)
    digest = Digest.of(referrer.data)
    if any(each.get("digest") == str(digest) for each in known):
        return None
    mine = {
        **_descriptor(MANIFEST, digest, len(referrer.data)),
        "artifactType": artifact_type,
        "annotations": dict(annotations),
    }
    return _served(
        INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*known, mine]}
    )


def _read_index(listed: ServedManifest) -> Sequence[Mapping[str, Any]]:
    try:
        document = json.loads(listed.data)
        found = document["manifests"]
        if document["mediaType"] == INDEX and all(isinstance(x, dict) for x in found):
            return list(found)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise PermanentError(
        "the tag of the image's referrers is something else",
        hint="somebody gave it to another image; remove it from the registry",
    )


def _manifest(
    layers: Sequence[Json], artifact_type: str = ARTIFACT, **more: Json
) -> ServedManifest:
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact_type,
        "config": _descriptor(_EMPTY_TYPE, Digest.of(EMPTY), len(EMPTY)),
        "layers": layers,
        **more,
    }
    return _served(MANIFEST, document)


def _served(media_type: str, document: Json) -> ServedManifest:
    return ServedManifest(media_type, json.dumps(document, indent=1).encode())


def _descriptor(media_type: str, digest: Digest, size: int) -> Json:
    return {"mediaType": media_type, "digest": str(digest), "size": size}
