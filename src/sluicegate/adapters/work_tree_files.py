"""The files of a work tree, read as those of the protected branch are.

For rules that are not merged yet: who writes them wants to know what they will do.
"""

from pathlib import Path

from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.ports.protected import ProtectedBranch, Tip


class WorkTreeFiles(ProtectedBranch):
    """The files below *root*, as they are now, committed or not."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @override
    def tip(self) -> Tip:
        return Tip("the work tree", "0" * 40)

    @override
    def read(self, tip: Tip, path: str, limit: int) -> bytes | None:
        file = self._root / path
        try:
            if not file.is_file() and (file.exists() or file.is_symlink()):
                raise UsageError(f"{file} is not a file")
            with file.open("rb") as stream:
                data = stream.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PermanentError(f"cannot read {file}: {error.strerror}") from error
        if len(data) > limit:
            raise UsageError(f"{file} has more than {limit} bytes")
        return data
