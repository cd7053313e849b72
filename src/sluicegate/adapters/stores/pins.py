"""The last checkpoints seen of a log, in the user's state folder."""

import hashlib
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.ports.pin import CheckpointPin


class PinFile(CheckpointPin):
    """Two files in *folder*: one for the place of the log, one for the log's key.

    They are named after the SHA-256 of *place*, which for a folder is its real path, so
    that neither ``..`` nor a symbolic link makes another place of it, and of the vkey.
    """

    def __init__(self, folder: Path, place: str) -> None:
        self._name = _hash(place)
        self._store = DirectoryStore(folder)

    @override
    def load(self) -> bytes | None:
        return self._store.get(self._name)

    @override
    def load_of(self, vkey: str) -> bytes | None:
        return self._store.get(_name_of(vkey))

    @override
    def save(self, vkey: str, checkpoint: bytes) -> None:
        self._store.put(_name_of(vkey), checkpoint)
        self._store.put(self._name, checkpoint)

    @override
    def where(self) -> str:
        return str(self._store.root / self._name)

    @override
    def where_of(self, vkey: str) -> str:
        return str(self._store.root / _name_of(vkey))


def _name_of(vkey: str) -> str:
    return f"key-{_hash(vkey)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
