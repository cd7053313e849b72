"""Unit tests of `sluicegate.model.model_manifest`."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.model_manifest import (
    ModelFile,
    ModelManifest,
    parse_manifest,
)

FILES = st.builds(
    ModelFile,
    st.text(min_size=1, max_size=20),
    st.integers(0, 2**53 - 1),
    st.none() | st.binary(max_size=4).map(Digest.of),
    st.sampled_from(["onnx", "json"]),
)
MODEL = ModelManifest.of(
    [
        ModelFile("model/b.json", 2, Digest.of(b"{}"), "json"),
        ModelFile("model/a.onnx", 9, Digest.of(b"onnx"), "onnx"),
    ]
)


@given(st.lists(FILES, unique_by=lambda file: file.path))
def test_a_manifest_is_read_as_it_was_written(files: list[ModelFile]) -> None:
    manifest = ModelManifest.of(files)

    assert parse_manifest(manifest.document()) == manifest
    assert ModelManifest.of(reversed(files)).document() == manifest.document()


def test_the_content_is_the_same_whatever_formats_are_called() -> None:
    other = [ModelFile(f.path, f.size, f.digest, "unchecked") for f in MODEL.files]

    assert ModelManifest.of(other).content == MODEL.content
    assert ModelManifest.of(other).document() != MODEL.document()


@pytest.mark.parametrize("key", ["path", "size", "digest"])
def test_the_content_is_another_if_any_of_it_is(key: str) -> None:
    first = MODEL.files[0]
    changed = {
        "path": ModelFile("model/c.onnx", first.size, first.digest, first.format),
        "size": ModelFile(first.path, 10, first.digest, first.format),
        "digest": ModelFile(first.path, first.size, Digest.of(b"x"), first.format),
    }

    assert ModelManifest.of([changed[key], MODEL.files[1]]).content != MODEL.content


def test_every_byte_counts() -> None:
    data = MODEL.document()

    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            assert parse_manifest(flipped) != MODEL
        except IntegrityError:
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"files": [{"path": "a", "size": -1, "digest": None, "format": "json"}]},
        {"files": [{"path": "a", "size": True, "digest": None, "format": "json"}]},
        {"files": [{"path": 1, "size": 1, "digest": None, "format": "json"}]},
        {"files": [{"path": "a", "size": 1, "digest": "sha256:", "format": "json"}]},
        {"files": {}},
        {"schema": "another"},
        {"more": 1},
    ],
)
def test_what_was_not_written_so_is_refused(change: dict[str, object]) -> None:
    document = {**json.loads(MODEL.document()), **change}
    data = json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"

    with pytest.raises(IntegrityError):
        parse_manifest(data)


@given(st.binary(max_size=100))
def test_garbage_is_no_manifest(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_manifest(data)
