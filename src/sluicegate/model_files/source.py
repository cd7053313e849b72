"""Bytes to read from: a file, a part of one, or what was unpacked into memory."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from sluicegate.model_files.refused import Refused

_BLOCK_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20


class Source(Protocol):
    """Bytes at known offsets."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly *length* bytes from *offset*.

        Raises:
            Refused: there are fewer.
        """


class FileSource:
    """An open file of *size* bytes."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self.size = file, size

    def read(self, offset: int, length: int) -> bytes:
        """As `Source.read`."""
        _check_range(self.size, offset, length)
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) != length:
            raise Refused("truncated", "the file became shorter while it was read")
        return data


class BytesSource:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def read(self, offset: int, length: int) -> bytes:
        """As `Source.read`."""
        _check_range(self.size, offset, length)
        return self._data[offset : offset + length]


class Part:
    """*size* bytes of *whole*, from *start*."""

    def __init__(self, whole: Source, start: int, size: int) -> None:
        _check_range(whole.size, start, size)
        self._whole, self._start, self.size = whole, start, size

    def read(self, offset: int, length: int) -> bytes:
        """As `Source.read`."""
        _check_range(self.size, offset, length)
        return self._whole.read(self._start + offset, length)


class Cursor:
    """Reads *source* from *position* to *end*, a little at a time."""

    def __init__(
        self, source: Source, position: int = 0, end: int | None = None
    ) -> None:
        self._source = source
        self.position = position
        self.end = source.size if end is None else end
        if not 0 <= position <= self.end <= source.size:
            raise Refused("truncated", "a length leads beyond the end of the file")
        self._block, self._from = b"", position

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self.end - self.position

    def take(self, length: int) -> bytes:
        """The next *length* bytes.

        Raises:
            Refused: there are fewer.
        """
        self._check(length)
        at = self.position - self._from
        if at < 0 or at + length > len(self._block):
            if length > _BLOCK_BYTES:
                data = self._source.read(self.position, length)
                self.position += length
                return data
            ahead = min(_BLOCK_BYTES, self.left)
            self._block = self._source.read(self.position, ahead)
            self._from, at = self.position, 0
        self.position += length
        return self._block[at : at + length]

    def skip(self, length: int) -> None:
        """Go on behind the next *length* bytes.

        Raises:
            Refused: there are fewer.
        """
        self._check(length)
        self.position += length

    def line(self) -> bytes | None:
        """What comes before the next line feed, which is skipped; None: there is none.

        Of a long one, only the beginning.
        """
        found = b""
        while self.left:
            block = self.take(min(_BLOCK_BYTES, self.left))
            before, feed, after = block.partition(b"\n")
            if len(found) < _BLOCK_BYTES:
                found += before
            if feed:
                self.position -= len(after)
                return found
        return None

    def integer(self, length: int) -> int:
        """The next *length* bytes as an unsigned integer, the lowest byte first."""
        return int.from_bytes(self.take(length), "little")

    def _check(self, length: int) -> None:
        if not 0 <= length <= self.left:
            raise Refused("truncated", "a length leads beyond the end of the file")


def chunks(source: Source) -> Iterator[bytes]:
    """All of *source*, in order."""
    for offset in range(0, source.size, CHUNK_BYTES):
        yield source.read(offset, min(CHUNK_BYTES, source.size - offset))


def _check_range(size: int, offset: int, length: int) -> None:
    if offset < 0 or length < 0 or offset + length > size:
        raise Refused("truncated", "a length leads beyond the end of the file")
