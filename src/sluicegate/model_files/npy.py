"""NumPy's file of one array.

Source:
    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import math
import re

from sluicegate.model_files.pickled import Allowed, check_pickles
from sluicegate.model_files.refused import Refused, malformed
from sluicegate.model_files.source import Source

MAGIC = b"\x93NUMPY"
_MAX_HEADER_BYTES = 10_000  # as numpy reads them
_DTYPE = re.compile(r"[<>|=]?([biufcSUVmM?])([0-9]{0,9})(\[[0-9a-zA-Z]+\])?")
_OBJECT = re.compile(r"[<>|=]?O8?")
_CHARACTER_BYTES = 4
_HEADS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}


def check_npy(source: Source, allowed: Allowed | None) -> None:
    """See that *source* is an array, to the last byte; its objects are a pickle.

    Raises:
        Refused: it is not, or it holds objects and *allowed* is None.
    """
    version = source.read(len(MAGIC), 2)
    width = _HEADS.get((version[0], version[1]))
    if width is None:
        raise malformed("npy", "its version is unknown")
    start = len(MAGIC) + 2 + width
    length = int.from_bytes(source.read(len(MAGIC) + 2, width), "little")
    if length > _MAX_HEADER_BYTES:
        raise malformed("npy", "its header is too long")
    dtype, shape = _read_header(source.read(start, length))
    start += length
    if _OBJECT.fullmatch(dtype):
        if allowed is None:
            raise Refused("pickle-denied", "an array of objects, which is a pickle")
        check_pickles(source, allowed, start)
        return
    found = _DTYPE.fullmatch(dtype)
    if found is None:
        raise malformed("npy", f"an array of the unknown type {dtype[:40]!r}")
    size = int(found[2] or 1) * (_CHARACTER_BYTES if found[1] == "U" else 1)
    if math.prod(shape) * size != source.size - start:
        raise malformed("npy", "its array takes other than the rest of the file")


def _read_header(data: bytes) -> tuple[str, tuple[int, ...]]:
    try:
        header = ast.literal_eval(data.decode("utf-8").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise malformed("npy", "its header cannot be read") from error
    if not isinstance(header, dict) or set(header) != {
        "descr",
        "fortran_order",
        "shape",
    }:
        raise malformed("npy", "its header has other keys")
    dtype, shape = header["descr"], header["shape"]
    if not isinstance(dtype, str):
        raise malformed("npy", "an array of records")
    if not isinstance(shape, tuple) or not all(
        type(each) is int and 0 <= each < 2**63 for each in shape
    ):
        raise malformed("npy", "its shape cannot be read")
    return dtype, shape
