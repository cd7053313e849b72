"""Unit tests of `sluicegate.stages.manifest`."""

import json
from contextlib import suppress
from typing import Any

import pytest
from fakes_registry import MEDIA_TYPE, manifest_of
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.publication import ServedManifest
from sluicegate.stages.manifest import MEDIA_TYPES, parse_manifest

IMAGE = Digest.of(b"image")
INDEX = "application/vnd.oci.image.index.v1+json"


def serve(document: object, media_type: str = MEDIA_TYPE) -> ServedManifest:
    return ServedManifest(media_type, json.dumps(document).encode())


def test_the_digest_is_that_of_the_bytes_and_not_what_anybody_says() -> None:
    served = manifest_of(IMAGE)

    manifest = parse_manifest(served)

    assert manifest.digest == Digest.of(served.data)
    assert manifest.size == len(served.data)
    assert manifest.config == IMAGE
    assert manifest.content_bytes == 6000


def test_the_same_document_in_other_bytes_is_another_manifest() -> None:
    served = manifest_of(IMAGE)
    other = ServedManifest(served.media_type, served.data + b"\n")

    assert parse_manifest(other).digest != parse_manifest(served).digest


def test_an_index_has_no_configuration() -> None:
    document = {"manifests": [{"digest": str(IMAGE), "size": 3}]}

    manifest = parse_manifest(serve(document, f"{INDEX}; charset=utf-8"))

    assert (manifest.config, manifest.media_type) == (None, INDEX)


def without(key: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(manifest_of(IMAGE).data)
    del document[key]
    return document


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        (without("config"), MEDIA_TYPE),
        (without("layers"), MEDIA_TYPE),
        (without("mediaType"), "text/html"),
        (without("mediaType"), ""),
        (json.loads(manifest_of(IMAGE).data), MEDIA_TYPES[2]),  # calls itself otherwise
        ({**without("mediaType"), "manifests": []}, MEDIA_TYPE),  # CVE-2021-41190
        ({"manifests": [], "layers": []}, INDEX),
        (
            {**without("config"), "config": {"digest": "sha256:1", "size": 1}},
            MEDIA_TYPE,
        ),
        ([], MEDIA_TYPE),
        ("x", MEDIA_TYPE),
    ],
)
def test_what_is_no_manifest_is_refused(document: object, media_type: str) -> None:
    with pytest.raises(PermanentError, match="serves no manifest"):
        parse_manifest(serve(document, media_type))


@given(st.binary() | st.recursive(st.none(), st.lists).map(str).map(str.encode))
def test_nothing_raises_anything_but_what_the_docstring_names(data: bytes) -> None:
    with suppress(PermanentError):
        parse_manifest(ServedManifest(MEDIA_TYPE, data))


def test_a_document_too_deep_to_read_is_refused() -> None:
    with pytest.raises(PermanentError):
        parse_manifest(ServedManifest(MEDIA_TYPE, b"[" * 100_000))
