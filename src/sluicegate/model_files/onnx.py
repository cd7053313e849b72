"""The ONNX format: a protocol buffer of known fields, walked and not built.

Source:
    https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 13), and
    https://protobuf.dev/programming-guides/encoding/ for the wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

from sluicegate.model_files.refused import Refused, malformed
from sluicegate.model_files.source import Cursor, Source

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MAX_DEPTH = 64
_MAX_TEXT_BYTES = 4096
_NEWEST_IR = 20
_IR_VERSION, _GRAPH, _OPSET = 1, 7, 8
_EXTERNAL = 13
_I, _F, _B = "integer", "float", "bytes"

# Message: field number -> a scalar's kind, or the message that it holds.
_ENTRY = "StringStringEntry"
_MESSAGES: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "Model": {
            1: _I,
            2: _B,
            3: _B,
            4: _B,
            5: _I,
            6: _B,
            7: "Graph",
            8: "Opset",
            14: _ENTRY,
            20: "Training",
            25: "Function",
            26: "DeviceConfiguration",
        },
        "Graph": {
            1: "Node",
            2: _B,
            5: "Tensor",
            10: _B,
            11: "Value",
            12: "Value",
            13: "Value",
            14: "Quantization",
            15: "Sparse",
            16: _ENTRY,
        },
        "Node": {
            1: _B,
            2: _B,
            3: _B,
            4: _B,
            5: "Attribute",
            6: _B,
            7: _B,
            8: _B,
            9: _ENTRY,
            10: "NodeDevice",
        },
        "Attribute": {
            1: _B,
            2: _F,
            3: _I,
            4: _B,
            5: "Tensor",
            6: "Graph",
            7: _F,
            8: _I,
            9: _B,
            10: "Tensor",
            11: "Graph",
            13: _B,
            14: "Type",
            15: "Type",
            20: _I,
            21: _B,
            22: "Sparse",
            23: "Sparse",
        },
        "Tensor": {
            1: _I,
            2: _I,
            3: "Segment",
            4: _F,
            5: _I,
            6: _B,
            7: _I,
            8: _B,
            9: _B,
            10: _F,
            11: _I,
            12: _B,
            13: _ENTRY,
            14: _I,
            16: _ENTRY,
        },
        "Segment": {1: _I, 2: _I},
        "Sparse": {1: "Tensor", 2: "Tensor", 3: _I},
        _ENTRY: {1: _B, 2: _B},
        "Opset": {1: _B, 2: _I},
        "Value": {1: _B, 2: "Type", 3: _B, 4: _ENTRY},
        "Type": {
            1: "TensorType",
            4: "OfOne",
            5: "Map",
            6: _B,
            7: "Opaque",
            8: "TensorType",
            9: "OfOne",
        },
        "TensorType": {1: _I, 2: "Shape"},
        "Shape": {1: "Dimension"},
        "Dimension": {1: _I, 2: _B, 3: _B},
        "OfOne": {1: "Type"},
        "Map": {1: _I, 2: "Type"},
        "Opaque": {1: _B, 2: _B},
        "Quantization": {1: _B, 2: _ENTRY},
        "Training": {1: "Graph", 2: "Graph", 3: _ENTRY, 4: _ENTRY},
        "Function": {
            1: _B,
            4: _B,
            5: _B,
            6: _B,
            7: "Node",
            8: _B,
            9: "Opset",
            10: _B,
            11: "Attribute",
            12: "Value",
            13: _B,
            14: _ENTRY,
        },
        "DeviceConfiguration": {1: _B, 2: _I, 3: _B},
        "NodeDevice": {1: _B, 2: "Sharding", 3: _I},
        "Sharding": {1: _B, 2: _I, 3: "DeviceGroup", 4: "ShardedDim"},
        "DeviceGroup": {1: _I, 2: _I},
        "ShardedDim": {1: _I, 2: "SimpleSharding"},
        "SimpleSharding": {1: _I, 2: _B, 3: _I},
    }
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Weights that another file holds, from ``offset``; None: up to its end."""

    location: str
    offset: int
    length: int | None


@dataclass(slots=True)
class _Walk:
    """What a walk has come by."""

    top: list[int] = field(default_factory=list)
    version: int = 0
    references: list[Reference] = field(default_factory=list)


def check_onnx(source: Source) -> tuple[Reference, ...]:
    """See that *source* is a model, to the last byte; what it refers to.

    Raises:
        Refused: it is not, or it refers to a place out of its folder.
    """
    walk = _Walk()
    _message(Cursor(source), source, "Model", walk, 0)
    if walk.top.count(_GRAPH) != 1 or walk.top.count(_IR_VERSION) != 1:
        raise malformed("ONNX", "it has not just one graph and one version")
    if _OPSET not in walk.top or not 1 <= walk.version <= _NEWEST_IR:
        raise malformed("ONNX", "its version is unknown, or it names no operators")
    return tuple(walk.references)


def _message(at: Cursor, source: Source, kind: str, walk: _Walk, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise malformed("ONNX", "nested too deeply")
    known = _MESSAGES[kind]
    entries: list[dict[int, str]] = []
    while at.left:
        number, wire = divmod(_varint(at), 8)
        holds = known.get(number)
        if holds is None:
            raise malformed("ONNX", f"field {number} is unknown in a {kind}")
        if depth == 0:
            walk.top.append(number)
        if holds in _MESSAGES:
            if wire != _LENGTH:
                raise malformed("ONNX", f"field {number} of a {kind} is no message")
            inside = _inside(at, source)
            if kind == "Tensor" and number == _EXTERNAL:
                entries.append(_entry(inside))
            else:
                _message(inside, source, holds, walk, depth + 1)
        else:
            value = _scalar(at, wire, holds)
            if depth == 0 and number == _IR_VERSION:
                walk.version = value
    if entries:
        walk.references.append(_reference(entries))


def _inside(at: Cursor, source: Source) -> Cursor:
    length = _varint(at)
    start = at.position
    at.skip(length)
    return Cursor(source, start, start + length)


def _scalar(at: Cursor, wire: int, holds: str) -> int:
    """Go on behind a value; what it is, of an integer."""
    if wire == _VARINT and holds == _I:
        return _varint(at)
    if wire == _LENGTH:  # bytes, or many numbers in a row
        at.skip(_varint(at))
    elif wire == _FIXED32 and holds == _F:
        at.skip(4)
    elif wire == _FIXED64 and holds == _F:
        at.skip(8)
    else:
        raise malformed("ONNX", f"wire type {wire} where {holds} belongs")
    return 0


def _varint(at: Cursor) -> int:
    value = shift = 0
    while True:
        byte = at.take(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last byte has no such bit
            break
        shift += 7
        if shift > 63:  # noqa: PLR2004 - ten bytes at most
            raise malformed("ONNX", "a number of more than 64 bits")
    if value >= 1 << 64:
        raise malformed("ONNX", "a number of more than 64 bits")
    return value


def _entry(at: Cursor) -> dict[int, str]:
    found: dict[int, str] = {}
    while at.left:
        number, wire = divmod(_varint(at), 8)
        if number not in {1, 2} or wire != _LENGTH or number in found:
            raise malformed("ONNX", "a reference to other data is not readable")
        length = _varint(at)
        if length > _MAX_TEXT_BYTES:
            raise malformed("ONNX", "a reference to other data is too long")
        try:
            found[number] = at.take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise malformed("ONNX", "a reference is not UTF-8") from error
    return found


def _reference(entries: list[dict[int, str]]) -> Reference:
    named: dict[str, str] = {}
    for each in entries:
        key = each.get(1, "")
        if key in named:
            raise malformed("ONNX", f"a reference says {key[:40]!r} twice")
        named[key] = each.get(2, "")
    location = named.get("location", "")
    path = PurePosixPath(location)
    if (
        not location
        or path.is_absolute()
        or ".." in path.parts
        or str(path) == "."
        or any(letter in "\\:" or not letter.isprintable() for letter in location)
    ):
        raise Refused(
            "external-data", f"it refers to {location[:100]!r}, out of its folder"
        )
    length = named.get("length")
    return Reference(
        str(path),
        _number(named.get("offset", "0")),
        None if length is None else _number(length),
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18:  # noqa: PLR2004 - 64 bits
        raise malformed("ONNX", "an offset is no number")
    return int(text)
