"""Look at every file once: what it is, its size and its digest."""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sluicegate.model_files.folder import Found, Unreadable, find_files, open_file
from sluicegate.model_files.recognise import (
    UNKNOWN,
    Recognised,
    check_one_reading,
    recognise,
)
from sluicegate.model_files.refused import Refused
from sluicegate.model_files.source import FileSource, Source, chunks

UNCHECKED = "unchecked"
EXTERNAL = "onnx-data"


@dataclass(frozen=True, slots=True)
class Orders:
    """What to look at, in *project*, and what may be there.

    ``pickle`` are the names that pickles may import, None where none may be.
    ``unchecked`` are files that are no part of the model, by their path.
    """

    project: Path
    paths: list[str]
    formats: frozenset[str]
    pickle: frozenset[str] | None
    unchecked: frozenset[str]
    max_file: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A file, as it was when it was read."""

    path: str
    size: int
    sha256: str
    found: Recognised
    one_reading: Refused | None = None


def look(orders: Orders) -> list[Seen]:
    """All files, sorted by path.

    Raises:
        Unreadable: nothing can be found out about one of them.
    """
    seen = {
        each.path: _look_at(orders, each)
        for each in find_files(orders.project, orders.paths)
    }
    for path, found in list(seen.items()):
        if found.found.format == "onnx" and found.found.refused is None:
            seen[path] = _settle(found, seen)
    return list(seen.values())


def _look_at(orders: Orders, file: Found) -> Seen:
    if file.refused is not None:
        return Seen(file.path, 0, "", Recognised(UNKNOWN, file.refused))
    try:
        descriptor = open_file(orders.project / file.path)
    except OSError as error:
        raise Unreadable(f"cannot read {file.path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as opened:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Unreadable(f"{file.path} changed while it was read")
        source = FileSource(opened, before.st_size)
        try:
            seen = _read(orders, file.path, source)
        except OSError as error:
            raise Unreadable(f"cannot read {file.path}: {error.strerror}") from error
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unreadable(f"{file.path} changed while it was read")
    return seen


def _read(orders: Orders, path: str, source: Source) -> Seen:
    if source.size > orders.max_file:
        limit = Refused("too-large", f"more than {orders.max_file} bytes")
        return Seen(path, source.size, "", Recognised(UNKNOWN, limit))
    digest = hashlib.sha256()
    try:
        for chunk in chunks(source):
            digest.update(chunk)
    except Refused as refused:
        raise Unreadable(f"{path} changed while it was read") from refused
    other = None
    try:
        check_one_reading(source)
    except Refused as refused:
        other = refused
    if path in orders.unchecked:
        found = Recognised(UNCHECKED, other)
    else:
        found = _judge(orders, recognise(source, orders.pickle))
    return Seen(path, source.size, digest.hexdigest(), found, other)


def _judge(orders: Orders, found: Recognised) -> Recognised:
    """Refuse formats that are not asked for; pickles are asked for on their own."""
    by_pickle = found.format in {"pickle", "torch"} and orders.pickle is not None
    known = found.format in orders.formats or by_pickle or found.format == UNKNOWN
    if found.refused is not None or known:
        return found
    message = f"{found.format} is none of the formats that the pipeline file allows"
    return replace(found, refused=Refused("format", message))


def _settle(model: Seen, seen: dict[str, Seen]) -> Seen:
    """Take the files that *model* refers to for its data, or refuse the model."""
    for reference in model.found.references:
        path = str(PurePosixPath(model.path).parent / reference.location)
        data = seen.get(path)
        end = reference.offset + (reference.length or 0)
        if data is None or not data.sha256 or end > data.size:
            message = f"it refers to {path[:200]}, which does not hold that"
            refused = Refused("external-data", message)
            return replace(model, found=replace(model.found, refused=refused))
        if data.found.refused is not None and data.found.format != "torch":
            found = Recognised(EXTERNAL, data.one_reading)
            seen[path] = replace(data, found=found)
    return model


def describe(seen: list[Seen]) -> Mapping[str, object]:
    """What was found, as a JSON object."""
    return {
        "files": [
            {
                "path": each.path,
                "size": each.size,
                "sha256": each.sha256,
                "format": each.found.format,
                "rule": each.found.refused.rule if each.found.refused else "",
                "message": each.found.refused.message if each.found.refused else "",
                "imports": list(each.found.imports)[:100],
            }
            for each in seen
        ]
    }
