"""The last checkpoints seen of a log, in the user's state folder."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.ports.pin import CheckpointPin


class PinFile(CheckpointPin):
    """Files in *folder*: one for the place of the log, one for each of its keys.

    They are named after the SHA-256 of *place*, which for a folder is its real path, so
    that neither ``..`` nor a symbolic link makes another place of it, and of the vkey.

    They are not flushed to the disk: the log itself is, six times an append, and a pin
    that a power cut leaves empty says only that nothing was seen.
    """

    def __init__(self, folder: Path, place: str) -> None:
        self._name = _hash(place)
        self._store = DirectoryStore(folder, durable=False)

    @override
    def load(self) -> bytes | None:
        return self._read(self._name)

    @override
    def load_of(self, vkey: str) -> bytes | None:
        return self._read(_name_of(vkey))

    @override
    def save(self, vkeys: Sequence[str], checkpoint: bytes) -> None:
        for vkey in vkeys:
            self._store.put(_name_of(vkey), checkpoint)
        self._store.put(self._name, checkpoint)

    def _read(self, name: str) -> bytes | None:
        data = self._store.get(name)
        # File systems leave a file that was not flushed empty, or its length in zeros.
        return data if data is not None and data.strip(b"\0") else None

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
