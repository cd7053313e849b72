"""Which format a file has, by its content; what it is called decides nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.model_files import gguf, npy, onnx, safetensors, zipped
from sluicegate.model_files.onnx import Reference
from sluicegate.model_files.pickled import (
    Allowed,
    acts_as_pickle,
    check_pickles,
    is_pickle,
)
from sluicegate.model_files.refused import Refused
from sluicegate.model_files.source import Source
from sluicegate.model_files.strict_json import check_json

UNKNOWN = "unknown"
_SPACE = b" \t\r\n"
_NEST = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"Rar!")
_TORCH_RAW = re.compile(
    r"[^/]+/(version|byteorder|\.format_version|\.storage_alignment"
    r"|\.data/serialization_id|data/[0-9]+)"
)
_TORCH_PICKLE = re.compile(r"[^/]+/data\.pkl")
_ONNX_START = re.compile(rb"\x08[\x01-\x14][\x12\x1a\x22\x28\x32\x3a\x42\x72]")
_KNOWN_AS = {
    b"\x89HDF\r\n": "HDF5, which may hold Keras layers with code",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x78\x9c": "zlib, as joblib writes it",
    b"\x7fELF": "a program",
    b"#!": "a script",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip",
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is. ``refused`` says why it may not be released, if it may not.

    ``imports`` are what its pickles import, ``references`` the data that it lacks.
    """

    format: str
    refused: Refused | None = None
    imports: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


def recognise(source: Source, names: frozenset[str] | None) -> Recognised:
    """Say what *source* is; pickles may import *names*, None: there may be none."""
    kind = _kind(source)
    allowed = Allowed(names or frozenset(), persistent=False)
    references: tuple[Reference, ...] = ()
    try:
        if kind == "onnx":
            references = onnx.check_onnx(source)
        else:
            _CHECKS[kind](source, allowed if names is not None else None)
        if kind not in {"pickle", "torch", "npy"}:
            check_one_reading(source)
    except Refused as refused:
        return Recognised(kind, refused, tuple(allowed.found))
    return Recognised(kind, None, tuple(allowed.found), references)


def _kind(source: Source) -> str:
    head = source.read(0, min(64, source.size))
    if head.startswith(gguf.MAGIC):
        return "gguf"
    if head.startswith(npy.MAGIC):
        return "npy"
    if head.startswith(zipped.MAGIC):
        return "torch"
    if safetensors.looks_like(source):
        return "safetensors"
    if head.lstrip(_SPACE)[:1] in {b"{", b"["}:
        return "json"
    if _is_onnx(source, head):
        return "onnx"
    return "pickle" if source.size and is_pickle(source) else UNKNOWN


def _is_onnx(source: Source, head: bytes) -> bool:
    """Whether it is, or begins as nothing else does."""
    if _ONNX_START.match(head):
        return True
    try:
        onnx.check_onnx(source)
    except Refused as refused:
        return refused.rule == "external-data"
    return True


def check_one_reading(source: Source) -> None:
    """See that no reader takes *source* for a pickle or an archive.

    Raises:
        Refused: one would, whatever else it is: a loader does not ask.
    """
    if acts_as_pickle(source):
        raise Refused("two-readings", "it is a pickle too")
    if zipped.ends_as_zip(source):
        raise Refused("two-readings", "it is a ZIP archive too")


def _check_pickle(source: Source, allowed: Allowed | None) -> None:
    if allowed is None:
        raise Refused("pickle-denied", "a pickle, which runs code when it is loaded")
    check_pickles(source, allowed)
    if zipped.ends_as_zip(source):
        raise Refused("two-readings", "it is a ZIP archive too")


def _check_torch(source: Source, allowed: Allowed | None) -> None:
    """An archive of PyTorch, or of NumPy's arrays; every other one is refused."""
    members = 0
    pickles = 0
    arrays = 0
    for member in zipped.read_zip(source):
        members += 1
        head = member.data.read(0, min(8, member.data.size))
        if head.startswith(npy.MAGIC):
            arrays += 1
            npy.check_npy(member.data, allowed)
        elif _TORCH_PICKLE.fullmatch(member.name):
            pickles += 1
            if allowed is None:
                raise Refused("pickle-denied", "an archive of PyTorch with a pickle")
            inside = Allowed(allowed.names, persistent=True, found=allowed.found)
            check_pickles(member.data, inside)
        elif not _TORCH_RAW.fullmatch(member.name):
            raise Refused("unknown-file", f"an archive with {member.name[:80]!r}")
        elif head.startswith(_NEST):
            raise Refused("nested-archive", f"an archive in it: {member.name[:80]!r}")
    if not members or (pickles != 1 and arrays != members):
        raise Refused(
            "unknown-file", "an archive that is neither PyTorch's nor NumPy's"
        )


def _check_npy(source: Source, allowed: Allowed | None) -> None:
    npy.check_npy(source, allowed)
    if zipped.ends_as_zip(source):
        raise Refused("two-readings", "it is a ZIP archive too")


def _check_unknown(source: Source, _allowed: Allowed | None) -> None:
    head = source.read(0, min(8, source.size))
    known = (said for magic, said in _KNOWN_AS.items() if head.startswith(magic))
    what = "it is empty" if not head else next(known, "no format that is known")
    raise Refused("unknown-file", what)


_CHECKS: dict[str, Callable[[Source, Allowed | None], None]] = {
    "gguf": lambda source, _: gguf.check_gguf(source),
    "json": lambda source, _: check_json(source),
    "npy": _check_npy,
    "pickle": _check_pickle,
    "safetensors": lambda source, _: safetensors.check_safetensors(source),
    "torch": _check_torch,
    UNKNOWN: _check_unknown,
}
