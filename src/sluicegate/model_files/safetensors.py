"""The safetensors format.

Source:
    https://github.com/huggingface/safetensors, README "Format" and safetensors/src/
    tensor.rs: 8 bytes N (little endian), N bytes of JSON that begin with ``{`` and may
    end with spaces, then the tensors, without holes and without overlaps.
"""

import math
from typing import Any

from sluicegate.model_files.refused import malformed
from sluicegate.model_files.source import Source
from sluicegate.model_files.strict_json import parse_strictly

MAX_HEADER_BYTES = 100_000_000  # as the library has it
_LENGTH_BYTES = 8
_METADATA = "__metadata__"
_BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
_MAX_ELEMENTS = 2**63


def looks_like(source: Source) -> bool:
    """Whether *source* begins with a length that it can have, and a ``{``."""
    if source.size <= _LENGTH_BYTES:
        return False
    head = source.read(0, _LENGTH_BYTES + 1)
    length = int.from_bytes(head[:_LENGTH_BYTES], "little")
    return head[_LENGTH_BYTES:] == b"{" and length <= MAX_HEADER_BYTES


def check_safetensors(source: Source) -> None:
    """See that *source* is one, to the last byte.

    Raises:
        Refused: it is not.
    """
    length = int.from_bytes(source.read(0, _LENGTH_BYTES), "little")
    if length > MAX_HEADER_BYTES:
        raise malformed("safetensors", "a header of more than 100 MB")
    text = source.read(_LENGTH_BYTES, length).rstrip(b" ")
    if not text.endswith(b"}"):
        raise malformed("safetensors", "its header does not end where it says")
    header = parse_strictly(text)
    if not isinstance(header, dict):
        raise malformed("safetensors", "its header is no object")
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) for value in metadata.values()
    ):
        raise malformed("safetensors", "its metadata are not texts")
    _check_cover(
        sorted(_range(name, entry) for name, entry in header.items()),
        source.size - _LENGTH_BYTES - length,
    )


def _check_cover(ranges: list[tuple[int, int]], size: int) -> None:
    at = 0
    for begin, end in ranges:
        if begin != at:
            raise malformed("safetensors", "its tensors overlap, or leave a hole")
        at = end
    if at != size:
        raise malformed("safetensors", f"its tensors take {at} bytes, of {size}")


def _range(name: str, entry: Any) -> tuple[int, int]:  # noqa: ANN401 - any JSON value
    if not isinstance(entry, dict) or entry.keys() != {
        "dtype",
        "shape",
        "data_offsets",
    }:
        raise malformed("safetensors", f"tensor {name[:80]!r} is not described")
    shape, offsets = entry["shape"], entry["data_offsets"]
    bits = _BITS.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if bits is None:
        raise malformed("safetensors", f"tensor {name[:80]!r} has an unknown dtype")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:  # noqa: PLR2004 - begin and end
        raise malformed("safetensors", f"tensor {name[:80]!r} has no usable shape")
    begin, end = offsets
    elements = math.prod(shape)
    if elements >= _MAX_ELEMENTS or elements * bits != (end - begin) * 8:
        raise malformed("safetensors", f"tensor {name[:80]!r} has another size")
    return begin, end


def _are_sizes(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return (
        isinstance(value, list)
        and len(value) <= 64  # noqa: PLR2004 - no tensor has as many dimensions
        and all(
            isinstance(each, int) and not isinstance(each, bool) and 0 <= each < 2**63
            for each in value
        )
    )
