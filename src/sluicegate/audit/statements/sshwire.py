"""The fields of which SSH keys and signatures are made, written and read.

Source:
    RFC 4251 section 5.
"""

from sluicegate.errors import IntegrityError


def pack(*fields: bytes) -> bytes:
    """Write *fields*, each after its length."""
    return b"".join(len(field).to_bytes(4) + field for field in fields)


class SshReader:
    """Reads the fields of an SSH message one after the other.

    Every method raises `IntegrityError` where the message is another one.
    """

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, count: int) -> bytes:
        """The next *count* bytes."""
        if len(self._rest) < count:
            raise IntegrityError("an SSH signature that is cut off")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def number(self) -> int:
        """A ``uint32``."""
        return int.from_bytes(self.take(4))

    def string(self) -> bytes:
        """Bytes of any length."""
        return self.take(self.number())

    def text(self) -> str:
        """A name."""
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError as error:
            raise IntegrityError(
                "an SSH signature with a name that is not ASCII"
            ) from error

    def integer(self) -> int:
        """An ``mpint``, never negative."""
        number = int.from_bytes(self.string(), signed=True)
        if number < 0:
            raise IntegrityError("an SSH signature with a negative number")
        return number

    def end(self) -> None:
        """Nothing may follow."""
        if self._rest:
            raise IntegrityError("an SSH signature with something after it")
