"""The files of a model by digest: what a release request is bound to.

The same files make the same manifest, byte for byte, on any machine.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest

MANIFEST = "model-manifest.json"
"""The evidence file that holds a manifest."""

SCHEMA = "https://sluicegate.dev/model-manifest/v1"
MAX_BYTES = 16 << 20
"""Of a manifest: 10 000 files with names of 500 characters have room."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model.

    ``path`` is relative to the project's folder, ``size`` in bytes, ``digest`` None for
    what could not be read, ``format`` what its content is.
    """

    path: str
    size: int
    digest: Digest | None
    format: str


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """All files of a model, sorted by path, each once."""

    files: tuple[ModelFile, ...]

    @classmethod
    def of(cls, files: Iterable[ModelFile]) -> "ModelManifest":
        """The manifest of *files*, in any order."""
        return cls(tuple(sorted(files, key=lambda file: file.path)))

    @property
    def size(self) -> int:
        """Of all files together, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def formats(self) -> tuple[str, ...]:
        """Each once, sorted."""
        return tuple(sorted({file.format for file in self.files}))

    @property
    def content(self) -> Digest:
        """Of paths, sizes and digests alone, whatever somebody calls the formats."""
        return digest_content((f.path, f.size, f.digest) for f in self.files)

    def document(self) -> bytes:
        """Write it as JSON."""
        rows = [
            {
                "digest": None if file.digest is None else str(file.digest),
                "format": file.format,
                "path": file.path,
                "size": file.size,
            }
            for file in self.files
        ]
        document = {"schema": SCHEMA, "files": rows}
        return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def digest_content(files: Iterable[tuple[str, int, Digest | None]]) -> Digest:
    """The digest of *files*, each a path, a size in bytes and a digest."""
    rows = sorted(
        [path, size, None if digest is None else str(digest)]
        for path, size, digest in files
    )
    return Digest.of(json.dumps(rows, separators=(",", ":")).encode())


def parse_manifest(data: bytes) -> ModelManifest:
    """Read a manifest.

    Raises:
        IntegrityError: `ModelManifest.document` would not have written these bytes.
    """
    refusal = IntegrityError("not a manifest of a model that this version knows")
    if len(data) > MAX_BYTES:
        raise refusal
    try:
        rows = json.loads(data)["files"]
        read = ModelManifest.of(
            ModelFile(
                _text(row["path"]),
                _size(row["size"]),
                None if row["digest"] is None else Digest.parse(row["digest"]),
                _text(row["format"]),
            )
            for row in rows
        )
    except (ValueError, LookupError, TypeError, RecursionError, UsageError) as error:
        raise refusal from error
    paths = {file.path for file in read.files}
    if len(paths) < len(read.files) or read.document() != data:
        raise refusal
    return read


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value
