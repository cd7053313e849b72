"""Unit tests of `sluicegate.adapters.handing.archive`: archives nobody can trust."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.handing.archive import check_archive
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

CONFIG = b'{"rootfs": {"diff_ids": []}}'
IMAGE = Digest.of(CONFIG)
NAME = f"{IMAGE.hex}.json"
INDEX_ID = Digest.of(b"the manifest of the image")


def documents(**manifest: object) -> dict[str, bytes]:
    described = {"Config": NAME, "RepoTags": None, "Layers": [], **manifest}
    return {"manifest.json": json.dumps([described]).encode(), NAME: CONFIG}


def index(*manifests: Mapping[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()


DESCRIPTOR = {"digest": str(INDEX_ID), "mediaType": "x", "size": 1}


def pack(
    path: Path,
    files: Mapping[str, bytes],
    more: Callable[[tarfile.TarFile], None] = lambda _tar: None,
) -> str:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        more(tar)
    return str(path)


def add(kind: bytes, name: str, link: str = "") -> Callable[[tarfile.TarFile], None]:
    def more(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        tar.addfile(member)

    return more


@pytest.mark.parametrize(
    ("files", "image"),
    [
        pytest.param(documents(), IMAGE, id="by its configuration"),
        pytest.param(documents(RepoTags=[]), IMAGE, id="no tags"),
        pytest.param(
            {**documents(), "index.json": index(DESCRIPTOR)}, IMAGE, id="with an index"
        ),
        pytest.param(
            {**documents(), "index.json": index(DESCRIPTOR)}, INDEX_ID, id="containerd"
        ),
        pytest.param({**documents(), "repositories": b"{}"}, IMAGE, id="no names"),
    ],
)
def test_an_archive_of_the_image_alone_is_fine(
    tmp_path: Path, files: Mapping[str, bytes], image: Digest
) -> None:
    check_archive(pack(tmp_path / "image.tar", files), image)


def test_a_layer_may_be_a_link_to_the_same_one_beside(tmp_path: Path) -> None:
    more = add(tarfile.SYMTYPE, "b/layer.tar", "../a/layer.tar")

    check_archive(pack(tmp_path / "image.tar", documents(), more), IMAGE)


NAMED = {**DESCRIPTOR, "annotations": {"io.containerd.image.name": "python:3.12"}}
TAGGED = {
    **DESCRIPTOR,
    "annotations": {"org.opencontainers.image.ref.name": "python:3.12"},
}
two = json.loads(documents()["manifest.json"]) * 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param(documents(RepoTags=["python:3.12"]), "gives a name", id="a tag"),
        pytest.param(
            documents(repotags=["python:3.12"]), "nobody knows", id="as Go reads keys"
        ),
        pytest.param(
            {
                **documents(),
                "manifest.json": documents()["manifest.json"].replace(
                    b'"RepoTags"', b'"RepoTags": ["python:3.12"], "RepoTags"'
                ),
            },
            "twice",
            id="a key twice",
        ),
        pytest.param(
            {
                **documents(),
                "index.json": index(NAMED).replace(b'"annotations"', b'"Annotations"'),
            },
            "nobody knows",
            id="annotations as Go reads keys",
        ),
        pytest.param(
            {**documents(), "repositories": b'{"python": {"3.12": "x"}}'},
            "gives a name",
            id="repositories",
        ),
        pytest.param(
            {**documents(), "index.json": index(NAMED)}, "gives a name", id="named"
        ),
        pytest.param(
            {**documents(), "index.json": index(TAGGED)}, "gives a name", id="ref"
        ),
        pytest.param(
            {**documents(), "index.json": index(DESCRIPTOR, DESCRIPTOR)},
            "several images",
            id="two in the index",
        ),
        pytest.param(
            {**documents(), "manifest.json": json.dumps(two).encode()},
            "the archive",
            id="two in the manifest",
        ),
        pytest.param({**documents(), NAME: b"{}"}, "is expected", id="another image"),
        pytest.param({NAME: CONFIG}, "the archive", id="no manifest"),
        pytest.param(
            {"manifest.json": documents()["manifest.json"]}, "the archive", id="none"
        ),
        pytest.param(documents(Config="/etc/passwd"), "the archive", id="elsewhere"),
        pytest.param(
            {**documents(), "index.json": b"[]"}, "the archive", id="no index"
        ),
        pytest.param({"manifest.json": b"[7]"}, "the archive", id="no object"),
        pytest.param({"manifest.json": b"[" * 100_000}, "the archive", id="deep"),
        pytest.param({"manifest.json": b" " * (9 << 20)}, "the archive", id="huge"),
    ],
)
def test_an_archive_of_anything_else_is_refused(
    tmp_path: Path, files: Mapping[str, bytes], words: str
) -> None:
    with pytest.raises(PermanentError, match=words):
        check_archive(pack(tmp_path / "image.tar", files), IMAGE)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(add(tarfile.SYMTYPE, "a/b", "/etc/passwd"), id="absolute link"),
        pytest.param(add(tarfile.SYMTYPE, "a/b", "../../etc"), id="link out of it"),
        pytest.param(add(tarfile.SYMTYPE, "b", "../etc"), id="link from the top"),
        pytest.param(add(tarfile.SYMTYPE, "a/b", ".."), id="link to the top"),
        pytest.param(add(tarfile.SYMTYPE, "a/layer.tar", "../../layer.tar"), id="up"),
        pytest.param(add(tarfile.SYMTYPE, "a/b", "../c/d"), id="link to no layer"),
        pytest.param(add(tarfile.LNKTYPE, "a/b", NAME), id="hard link"),
        pytest.param(add(tarfile.CHRTYPE, "a/b"), id="device"),
        pytest.param(add(tarfile.FIFOTYPE, "a/b"), id="pipe"),
        pytest.param(add(tarfile.REGTYPE, "../b"), id="path out of it"),
        pytest.param(add(tarfile.REGTYPE, "/b"), id="absolute path"),
        pytest.param(add(tarfile.REGTYPE, "manifest.json"), id="manifest twice"),
        pytest.param(
            add(tarfile.REGTYPE, "./manifest.json"), id="twice, spelled oddly"
        ),
    ],
)
def test_a_member_with_no_place_in_it_is_refused(
    tmp_path: Path, more: Callable[[tarfile.TarFile], None]
) -> None:
    path = pack(tmp_path / "image.tar", documents(), more)

    with pytest.raises(PermanentError):
        check_archive(path, IMAGE)


EVIL = documents(RepoTags=["python:3.12"])["manifest.json"]


def header(kind: bytes, name: str, data: bytes) -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, len(data)
    return member.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


def record(text: str) -> bytes:
    """An extended header that says *text*, of up to 90 characters."""
    return f"{len(text) + 4} {text}\n".encode()


def garbled(block: bytes) -> bytes:
    """*block* as Go still reads it: its owner is a number to the base of 256."""
    changed = bytearray(block)
    changed[108:116] = b"\x81\0\0\0\0\0\0\0"
    changed[148:156] = b" " * 8
    changed[148:156] = b"%06o\0 " % sum(changed[:512])
    return bytes(changed)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            garbled(header(tarfile.REGTYPE, "manifest.json", EVIL)),
            id="behind a header that Python takes for the end",
        ),
        pytest.param(
            header(tarfile.XGLTYPE, "x", record("path=layers/other"))
            + header(tarfile.REGTYPE, "manifest.json", EVIL),
            id="renamed by a header for all, which Go passes over",
        ),
        pytest.param(
            header(tarfile.XHDTYPE, "x", record("path="))
            + header(tarfile.REGTYPE, "manifest.json", EVIL),
            id="renamed to nothing, which Go passes over",
        ),
        pytest.param(
            header(tarfile.GNUTYPE_LONGNAME, "x", b"layers/other\0")
            + header(tarfile.GNUTYPE_LONGNAME, "x", b"manifest.json\0")
            + header(tarfile.REGTYPE, "y", EVIL),
            id="renamed twice, of which Go takes the last",
        ),
        pytest.param(
            header(tarfile.REGTYPE, "later", b"") + bytes(512) + b"x" * 512,
            id="behind its end",
        ),
    ],
)
def test_what_engines_may_read_otherwise_is_refused(
    tmp_path: Path, more: bytes
) -> None:
    path = tmp_path / "image.tar"
    files = documents().items()
    known = b"".join(header(tarfile.REGTYPE, name, data) for name, data in files)
    path.write_bytes(known + more + bytes(1024))

    with pytest.raises(PermanentError, match="cannot be read"):
        check_archive(str(path), IMAGE)


@pytest.mark.parametrize("text", ["mtime=1.5", "size=2"])
def test_an_extended_header_may_say_when_and_how_large(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "image.tar"
    files = documents().items()
    known = b"".join(header(tarfile.REGTYPE, name, data) for name, data in files)
    more = header(tarfile.XHDTYPE, "x", record(text))
    path.write_bytes(
        known + more + header(tarfile.REGTYPE, "layer", b"ab") + bytes(1024)
    )

    check_archive(str(path), IMAGE)


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 7 << 30
    path = tmp_path / "image.tar"
    with path.open("wb") as file:
        file.write(member.tobuf(tarfile.USTAR_FORMAT))
        file.truncate(8 << 30)  # sparse

    with pytest.raises(PermanentError, match="too large"):
        check_archive(str(path), IMAGE)


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    with tarfile.open(path, "w:gz"):
        pass

    with pytest.raises(PermanentError):
        check_archive(str(path), IMAGE)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError):
        check_archive(str(tmp_path / "none.tar"), IMAGE)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


@given(
    manifest=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["Config", "RepoTags", "manifests", "digest"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=5,
    ),
    raw=st.binary(max_size=600),
)
def test_no_archive_raises_anything_but_the_error_that_is_named(
    scratch: Path, manifest: object, raw: bytes
) -> None:
    said = json.dumps(manifest).encode()
    files = {"manifest.json": said, "index.json": said, NAME: CONFIG}
    with suppress(PermanentError):
        check_archive(pack(scratch / "image.tar", files), IMAGE)
    (scratch / "raw.tar").write_bytes(raw)
    with suppress(PermanentError):
        check_archive(str(scratch / "raw.tar"), IMAGE)
