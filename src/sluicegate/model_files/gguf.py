"""The GGUF format, versions 2 and 3, little endian.

Source:
    https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, and GGML_QUANT_SIZES in
    gguf-py/gguf/constants.py of ggml-org/llama.cpp.
"""

import math

from sluicegate.model_files.refused import Refused, malformed
from sluicegate.model_files.source import Cursor, Source
from sluicegate.model_files.strict_json import check_template

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MAX_ENTRIES = 1 << 20
_MAX_DIMS = 4
_MAX_NAME_BYTES = 1 << 16
_MAX_TEXT_BYTES = 16 << 20
_STRING, _ARRAY, _BOOL, _U32 = 8, 9, 7, 4
_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_ALIGNMENT = "general.alignment"
_TEMPLATE = "tokenizer.chat_template"
# type: (weights in a block, bytes of a block)
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    30: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    29: (256, 56),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}


def check_gguf(source: Source) -> None:
    """See that *source* is one, to the last byte.

    Raises:
        Refused: it is not.
    """
    at = Cursor(source, len(MAGIC))
    version, tensors, entries = at.integer(4), at.integer(8), at.integer(8)
    if version not in _VERSIONS:
        raise malformed("GGUF", f"its version {version} is not 2 or 3")
    if max(tensors, entries) > _MAX_ENTRIES:
        raise malformed("GGUF", "more tensors or metadata than any model has")
    alignment = _read_metadata(at, entries)
    names: set[bytes] = set()
    ranges = [_read_tensor(at, names, alignment) for _ in range(tensors)]
    padding = -at.position % alignment
    if at.left < padding and not ranges:
        padding = at.left
    if any(at.take(padding)):
        raise malformed("GGUF", "something stands where padding belongs")
    _check_cover(sorted(ranges), at.left, alignment)


def _read_metadata(at: Cursor, entries: int) -> int:
    """Read all metadata; the alignment that they give."""
    alignment, names = 32, set()
    for _ in range(entries):
        name = _name(at)
        if name in names:
            raise malformed("GGUF", "a name stands twice in its metadata")
        names.add(name)
        kind = at.integer(4)
        if name.decode("ascii", "replace").startswith(_TEMPLATE) and kind == _STRING:
            check_template(_text(at))
        elif name == _ALIGNMENT.encode():
            if kind != _U32:
                raise malformed("GGUF", "its alignment is no number")
            alignment = at.integer(4)
        else:
            _skip(at, kind)
    if not 8 <= alignment <= 1 << 20 or alignment & (alignment - 1):  # noqa: PLR2004 - the specification's
        raise malformed("GGUF", "its alignment is no power of two")
    return alignment


def _skip(at: Cursor, kind: int) -> None:
    """Go on behind a value. Arrays in arrays are not used by any writer."""
    count = 1
    if kind == _ARRAY:
        kind, count = at.integer(4), at.integer(8)
    if kind in _BYTES and kind != _BOOL:
        at.skip(_BYTES[kind] * count)
    elif kind == _BOOL:
        if count > at.left or at.take(count).strip(b"\0\1"):
            raise malformed("GGUF", "a boolean is neither 0 nor 1")
    elif kind == _STRING:
        if count > at.left:
            raise malformed("GGUF", "an array leads beyond the end")
        for _ in range(count):
            at.skip(at.integer(8))
    else:
        raise malformed("GGUF", f"a value of the unknown type {kind}")


def _read_tensor(at: Cursor, names: set[bytes], alignment: int) -> tuple[int, int]:
    name = _name(at)
    if name in names:
        raise malformed("GGUF", "two tensors have one name")
    names.add(name)
    dims = at.integer(4)
    if dims > _MAX_DIMS:
        raise malformed("GGUF", "a tensor of more than four dimensions")
    shape = [at.integer(8) for _ in range(dims)]
    kind, offset = at.integer(4), at.integer(8)
    if kind not in _BLOCKS:
        raise malformed("GGUF", f"a tensor of the unknown type {kind}")
    weights, size = _BLOCKS[kind]
    if shape and shape[0] % weights:
        raise malformed("GGUF", "a tensor's rows are no whole blocks")
    if offset % alignment:
        raise malformed("GGUF", "a tensor that is not aligned")
    return offset, offset + math.prod(shape) // weights * size


def _check_cover(ranges: list[tuple[int, int]], size: int, alignment: int) -> None:
    at = 0
    for begin, end in ranges:
        if not at <= begin < at + alignment:
            raise malformed("GGUF", "its tensors overlap, or leave a hole")
        at = end
    if not at <= size < at + alignment:
        raise malformed("GGUF", f"its tensors take {at} bytes, of {size}")


def _name(at: Cursor) -> bytes:
    length = at.integer(8)
    if not 0 < length <= _MAX_NAME_BYTES:
        raise malformed("GGUF", "a name without letters, or of too many")
    return at.take(length)


def _text(at: Cursor) -> str:
    length = at.integer(8)
    if length > _MAX_TEXT_BYTES:
        raise Refused("too-large", "a chat template of more than 16 MiB")
    try:
        return at.take(length).decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed("GGUF", "a text is not UTF-8") from error
