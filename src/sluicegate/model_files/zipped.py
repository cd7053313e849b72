"""ZIP archives, read strictly: both of their lists of members must say the same.

Members lie one behind the other from the first byte, without anything in between,
before or after: readers that go by the one list or by the other see the same files.

Source:
    PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.model_files.refused import Refused, malformed
from sluicegate.model_files.source import BytesSource, Cursor, Part, Source, chunks

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_END, _END_BYTES = b"PK\x05\x06", 22
_END64, _END64_BYTES, _LOCATOR, _LOCATOR_BYTES = b"PK\x06\x06", 56, b"PK\x06\x07", 20
_CENTRAL, _LOCAL, _DESCRIPTOR = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_MAX_COMMENT = 0xFFFF
_MAX_MEMBERS = 100_000
_MAX_RATIO = 200
_FREE_BYTES = 1 << 20  # so small, no ratio matters
_MAX_UNPACKED = 256 << 20
_ENCRYPTED = 1 | 1 << 6 | 1 << 13
_HAS_DESCRIPTOR = 1 << 3
_STORED, _DEFLATED = 0, 8
_FULL = 0xFFFFFFFF
_UNIX = 3
_OTHER_NAME = 0x7075  # the extra field "Info-ZIP Unicode Path"


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive, with its bytes."""

    name: str
    data: Source


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member, as the central directory has it."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def ends_as_zip(source: Source) -> bool:
    """Whether a reader that looks for an archive's end would find one in *source*."""
    tail_bytes = min(source.size, _END_BYTES + _MAX_COMMENT)
    tail = source.read(source.size - tail_bytes, tail_bytes)
    at = tail.rfind(_END)
    while at >= 0:
        if len(tail) - at >= _END_BYTES:
            (comment,) = struct.unpack_from("<H", tail, at + 20)
            size, _ = struct.unpack_from("<II", tail, at + 12)
            end = source.size - tail_bytes + at
            reaches = at + _END_BYTES + comment <= len(tail)
            if reaches and (size == _FULL or _has_central(source, end - size)):
                return True
        at = tail.rfind(_END, 0, at)
    return False


def _has_central(source: Source, start: int) -> bool:
    return 0 <= start <= source.size - 4 and source.read(start, 4) in {_CENTRAL, _END}


def read_zip(source: Source) -> Iterator[Member]:
    """The members of *source*, each after its checksum was compared.

    Raises:
        Refused: it is no archive, or one that readers disagree about.
    """
    entries, start = _read_central(source)
    position = 0
    seen: set[str] = set()
    total = 0
    for entry in sorted(entries, key=lambda each: each.offset):
        name = _check_name(entry.name)
        if name.casefold() in seen:
            raise Refused("zip", f"two members are called {name[:80]!r}")
        seen.add(name.casefold())
        if entry.offset != position:
            raise Refused("zip", "its members overlap, or something is between them")
        data, position = _read_member(source, entry, start)
        total += entry.size
        yield Member(name, data)
    if position != start:
        raise Refused("zip", "something stands between its members and their list")
    _check_ratio(total, source.size)


def _read_central(source: Source) -> tuple[list[_Entry], int]:
    if source.size < _END_BYTES:
        raise malformed("ZIP", "it has no end")
    end = source.size - _END_BYTES
    record = source.read(end, _END_BYTES)
    if record[:4] != _END or record[20:] != b"\0\0":
        raise Refused("zip", "something follows the archive, or a comment does")
    disk, first, here, count, size, start = struct.unpack("<4H2I", record[4:20])
    if end >= _LOCATOR_BYTES and source.read(end - _LOCATOR_BYTES, 4) == _LOCATOR:
        end, count, size, start = _read_end64(source, end)
    elif disk or first or here != count:
        raise Refused("zip", "it is a part of several")
    if count > _MAX_MEMBERS:
        raise Refused("zip", f"more than {_MAX_MEMBERS} members")
    if start + size != end:
        raise Refused("zip", "its list of members is not where it says")
    at = Cursor(source, start, end)
    entries = [_read_entry(at) for _ in range(count)]
    if at.left:
        raise Refused("zip", "its list has more members than it says")
    return entries, start


def _read_end64(source: Source, end: int) -> tuple[int, int, int, int]:
    locator = source.read(end - _LOCATOR_BYTES, _LOCATOR_BYTES)
    disk, at, disks = struct.unpack("<IQI", locator[4:])
    if disk or disks != 1 or at != end - _LOCATOR_BYTES - _END64_BYTES:
        raise Refused("zip", "its end is not where it says")
    record = source.read(at, _END64_BYTES)
    length, _, _, here, first, count, total, size, start = struct.unpack(
        "<QHHIIQQQQ", record[4:]
    )
    if record[:4] != _END64 or length != _END64_BYTES - 12:
        raise Refused("zip", "its end cannot be read")
    if here or first or count != total:
        raise Refused("zip", "it is a part of several")
    return at, count, size, start


def _read_entry(at: Cursor) -> _Entry:
    head = at.take(46)
    if head[:4] != _CENTRAL:
        raise malformed("ZIP", "its list of members cannot be read")
    made, _, flags, method, _, crc, packed, size = struct.unpack("<4H4I", head[4:28])
    named, extra, comment, disk, _, mode, offset = struct.unpack("<5HII", head[28:])
    name, more = at.take(named), at.take(extra)
    at.skip(comment)
    if disk or comment:
        raise Refused("zip", "a member has a comment, or lies elsewhere")
    kind = stat.S_IFMT(mode >> 16)
    if made >> 8 == _UNIX and kind not in {0, stat.S_IFREG}:
        raise Refused("zip", "a member is a link, or no plain file")
    size, packed, offset = _extend(more, (size, packed, offset))
    return _Entry(name, flags, method, crc, packed, size, offset)


def _extend(extra: bytes, values: tuple[int, ...]) -> tuple[int, ...]:
    """*values*, those that are full taken from the field for large archives."""
    fields = _extra_fields(extra)
    large = fields.get(1, b"")
    found = []
    for value in values:
        if value != _FULL:
            found.append(value)
            continue
        if len(large) < 8:  # noqa: PLR2004 - 64 bits
            raise Refused("zip", "the size of a member cannot be read")
        found.append(int.from_bytes(large[:8], "little"))
        large = large[8:]
    return tuple(found)


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(extra) >= 4:  # noqa: PLR2004 - of a head
        kind, length = struct.unpack_from("<HH", extra)
        if length > len(extra) - 4 or kind in found:
            raise Refused("zip", "an extra field of a member cannot be read")
        found[kind], extra = extra[4 : 4 + length], extra[4 + length :]
    if extra.strip(b"\0"):
        raise Refused("zip", "an extra field of a member cannot be read")
    if _OTHER_NAME in found:
        raise Refused("zip", "a member has two names")
    return found


def _read_member(source: Source, entry: _Entry, end: int) -> tuple[Source, int]:
    """The bytes of *entry*, and where the next member begins."""
    at = Cursor(source, entry.offset, end)
    head = at.take(30)
    _, flags, method, _, crc, packed, size, named, extra = struct.unpack(
        "<HHHIIIIHH", head[4:]
    )
    name, more = at.take(named), at.take(extra)
    if head[:4] != _LOCAL or (name, flags, method) != (
        entry.name,
        entry.flags,
        entry.method,
    ):
        raise Refused("zip", "the two heads of a member say different things")
    if flags & _ENCRYPTED:
        raise Refused("zip", "a member is encrypted")
    if method not in {_STORED, _DEFLATED}:
        raise Refused("zip", f"a member is packed by the method {method}")
    described = bool(flags & _HAS_DESCRIPTOR)
    size, packed = _extend(more, (size, packed))
    blank = described and (crc, packed, size) == (0, 0, 0)
    if not blank and (crc, packed, size) != (entry.crc, entry.packed, entry.size):
        raise Refused("zip", "the two heads of a member say different things")
    body = Part(source, at.position, entry.packed)
    at.skip(entry.packed)
    if described:
        _check_descriptor(at, entry)
    return _unpack(body, entry), at.position


def _check_descriptor(at: Cursor, entry: _Entry) -> None:
    start = at.position
    for width in ("I", "Q"):
        if entry.size > _FULL and width == "I":
            continue
        expected = struct.pack(
            f"<4sI2{width}", _DESCRIPTOR, entry.crc, entry.packed, entry.size
        )
        if at.left < len(expected):
            break
        if at.take(len(expected)) == expected and _is_at_head(at):
            return
        at.position = start
    raise Refused("zip", "what follows a member does not describe it")


def _is_at_head(at: Cursor) -> bool:
    """Whether a member begins here, or all have ended."""
    if not at.left:
        return True
    ahead = at.position
    found = at.left >= 4 and at.take(4) == _LOCAL  # noqa: PLR2004 - of a mark
    at.position = ahead
    return found


def _unpack(body: Source, entry: _Entry) -> Source:
    if entry.method == _STORED:
        if entry.packed != entry.size:
            raise Refused("zip", "a member is not as long as it says")
        crc = 0
        for chunk in chunks(body):
            crc = zlib.crc32(chunk, crc)
        data = body
    else:
        _check_ratio(entry.size, entry.packed)
        if entry.size > _MAX_UNPACKED:
            raise Refused("too-large", "a packed member of more than 256 MiB")
        unpacked = _inflate(body, entry.size)
        crc, data = zlib.crc32(unpacked), BytesSource(unpacked)
    if crc != entry.crc:
        raise Refused("zip", "a member has another checksum than it says")
    return data


def _inflate(body: Source, size: int) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    found = bytearray()
    try:
        for chunk in chunks(body):
            found += unpacker.decompress(chunk, size + 1 - len(found))
            if len(found) > size or unpacker.unconsumed_tail:
                break
    except zlib.error as error:
        raise Refused("zip", "a member cannot be unpacked") from error
    if len(found) != size or not unpacker.eof or unpacker.unused_data:
        raise Refused("zip", "a member is not as long as it says")
    return bytes(found)


def _check_ratio(size: int, packed: int) -> None:
    if size > _FREE_BYTES and size > packed * _MAX_RATIO:
        raise Refused(
            "zip-bomb", f"it unpacks to more than {_MAX_RATIO} times its size"
        )


def _check_name(name: bytes) -> str:
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("zip", "the name of a member is not UTF-8") from error
    parts = text.split("/")
    if any(part in {"", ".", ".."} for part in parts) or any(
        letter in "\\:" or not letter.isprintable() for letter in text
    ):
        raise Refused("zip-path", f"a member is called {text[:80]!r}")
    return text
