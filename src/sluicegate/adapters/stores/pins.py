"""The last checkpoint seen of a log, in the user's state folder."""

import hashlib
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.ports.pin import CheckpointPin


class PinFile(CheckpointPin):
    """A pin named after the SHA-256 of the log's absolute path.

    Not resolved: a log reached through another path is another log, seen for the first
    time.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        path = str(log.absolute()).encode("utf-8", "surrogateescape")
        self._name = hashlib.sha256(path).hexdigest()
        self._store = DirectoryStore(folder)

    @override
    def load(self) -> bytes | None:
        return self._store.get(self._name)

    @override
    def save(self, checkpoint: bytes) -> None:
        self._store.put(self._name, checkpoint)

    @override
    def where(self) -> str:
        return str(self._store.root / self._name)
