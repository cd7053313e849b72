"""What is in an archive of an image, before an engine is given it. No name is in it.

An archive may hold several images and give them any name, `python:3.12` too: an engine
that loads it has them from then on. So it is opened here first, and may hold one image,
the expected one, without a name.

The engine reads it by other rules than Python does: names of members come from the
header that it prefers, and keys of documents in any case. What the two may read
differently is refused, whatever it says.

Source:
    Docker Image Specification v1.2 (manifest.json, repositories), and OCI Image Layout
    Specification 1.1 (index.json), which engines since 25 write both. Go's archive/tar
    and encoding/json, by which engines read them.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

_MANIFEST, _INDEX, _NAMES = "manifest.json", "index.json", "repositories"
_MAX_MEMBERS = 100_000
_MAX_DOCUMENT = 8 << 20
_BLOCK = tarfile.BLOCKSIZE
_RECORDS = frozenset(
    {"size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname"}
)
"""What an extended header may say: nothing of where the member is."""

_KEYS = frozenset(
    {
        *("Config", "RepoTags", "Layers", "Parent", "LayerSources"),
        *("schemaVersion", "mediaType", "manifests", "digest", "size", "annotations"),
        *("platform", "artifactType", "urls", "data"),
    }
)
"""Keys of manifest.json and index.json, but for those of maps of texts."""

_LAYER = ("layer.tar",)
_FREE = frozenset({"annotations", "platform", "LayerSources"})
_GARBAGE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


def check_archive(path: str, image: Digest) -> None:
    """See to it that the file at *path* holds *image* alone, under no name.

    Raises:
        PermanentError: it does not, or cannot be read.
    """
    try:
        with _Sparing(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
            documents = _read_documents(file, archive)
            _check_end(file, archive.offset)
            _check_identity(documents, image)
    except (OSError, tarfile.TarError, *_GARBAGE) as error:
        raise _refuse(f"cannot be read: {error}") from error


class _Sparing(io.FileIO):
    """A file of which nobody reads a lot at once, whatever a header in it says."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= _MAX_DOCUMENT:
            raise ValueError("a header of it is too large")
        return super().read(size) or b""


def _read_documents(file: io.FileIO, archive: tarfile.TarFile) -> dict[str, bytes]:
    """What the archive says of itself; also the configuration, by its name."""
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        _check_member(member)
        _check_header(file, member, archive.pax_headers)
        name = str(PurePosixPath(member.name))
        if name in members and not member.isdir():
            raise ValueError(f"{name[:200]!r} is in it twice")
        members[name] = member
        if len(members) > _MAX_MEMBERS:
            raise ValueError("there is too much in it")
    found = {
        name: _read(archive, members[name])
        for name in (_MANIFEST, _INDEX, _NAMES)
        if name in members
    }
    (described,) = _parse(found[_MANIFEST]) if _MANIFEST in found else ({},)
    config = str(described["Config"]) if "Config" in described else ""
    if config in members:
        found["config"] = _read(archive, members[config])
    return found


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    if file is None or not member.isreg() or member.size > _MAX_DOCUMENT:
        raise ValueError(f"{member.name[:200]!r} is no plain file of a sensible size")
    return file.read(_MAX_DOCUMENT)


def _check_member(member: tarfile.TarInfo) -> None:
    """Plain files, folders, and links to layers that are there already."""
    path = PurePosixPath(member.name)
    inside = not path.is_absolute() and ".." not in path.parts
    if member.issym():
        # A layer that several images share: `../ID/layer.tar`, from the folder beside.
        parts = PurePosixPath(member.linkname).parts
        shape = len(parts), parts[:1], parts[-1:], len(path.parts), path.parts[-1:]
        inside &= shape == (3, ("..",), _LAYER, 2, _LAYER) and parts[1] != ".."
    is_plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE}
    if not inside or not (is_plain or member.isdir() or member.issym()):
        raise ValueError(f"{member.name[:200]!r} has no place in it")


def _check_header(
    file: io.FileIO, member: tarfile.TarInfo, common: Mapping[str, str]
) -> None:
    """One header, and at most one before it that says nothing of where it belongs.

    *common* is what a header says of all members that follow it, for Python alone.
    """
    extended = member.offset_data - member.offset - _BLOCK
    if not (extended or member.pax_headers or common):
        return
    file.seek(member.offset)
    first = tarfile.TarInfo.frombuf(file.read(_BLOCK), "utf-8", "strict")
    blocks = _BLOCK + -(-first.size // _BLOCK) * _BLOCK
    is_one = (first.type, blocks) == (tarfile.XHDTYPE, extended)
    if common or not is_one or not member.pax_headers.keys() <= _RECORDS:
        raise ValueError(f"{member.name[:200]!r} may have more than one name")


def _check_end(file: io.FileIO, offset: int) -> None:
    """See to it that nothing is behind what was read: Python stops at a bad header."""
    file.seek(offset)
    while data := file.read(_BLOCK << 10):
        if data.strip(b"\0"):
            raise ValueError("there is more in it than can be read")


def _parse(data: bytes) -> Any:  # noqa: ANN401 - whatever it says
    """A document, whose keys mean the same to whoever reads it."""
    document = json.loads(data, object_pairs_hook=_once)
    _check_keys(document)
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _check_keys(document: object) -> None:
    if isinstance(document, list):
        for each in document:
            _check_keys(each)
    elif isinstance(document, dict):
        if unknown := sorted(document.keys() - _KEYS):
            raise ValueError(f"it has a key that nobody knows, {unknown[0][:60]!r}")
        for key, each in document.items():
            if key not in _FREE:
                _check_keys(each)


def _check_identity(documents: dict[str, bytes], image: Digest) -> None:
    if _NAMES in documents and json.loads(documents[_NAMES]):
        raise _refuse("gives a name to what it holds")
    described: list[dict[str, Any]] = _parse(documents[_MANIFEST])
    index: dict[str, Any] = _parse(documents.get(_INDEX, b'{"manifests":[]}'))
    if any(each.get("RepoTags") for each in described) or _is_named(index["manifests"]):
        raise _refuse("gives a name to what it holds")
    if len(described) != 1 or len(index["manifests"]) > 1:
        raise _refuse("holds several images")
    config = hashlib.sha256(documents["config"]).hexdigest()
    digests = {f"sha256:{config}", *(each["digest"] for each in index["manifests"])}
    if str(image) not in digests:
        raise _refuse(
            f"holds the image sha256:{config[:12]}, and {image.short} is expected"
        )


def _is_named(manifests: Iterable[dict[str, Any]]) -> bool:
    names = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
    return any(
        name in (each.get("annotations") or {}) for each in manifests for name in names
    )


def _refuse(why: str) -> PermanentError:
    return PermanentError(
        f"the archive of the image {why}",
        hint="take it as `sluice run --hand-over` has written it",
    )
