"""Evidence files in a directory, by digest: ``sha256/ab/ab12...``."""

from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.ports.evidence import EvidenceStore


class EvidenceDirectory(EvidenceStore):
    """Content-addressed files under one directory."""

    def __init__(self, root: Path) -> None:
        self._store = DirectoryStore(root)

    @override
    def keep(self, data: bytes) -> Digest:
        digest = Digest.of(data)
        name = _name(digest)
        found = self._store.get(name)
        if found is None:
            self._store.put(name, data)
        elif found == data:
            # Whoever wrote it may have crashed before it was on the disk.
            self._store.sync(name)
        else:
            raise IntegrityError(f"the evidence {digest} was changed")
        return digest

    @override
    def load(self, digest: Digest) -> bytes:
        data = self._store.get(_name(digest))
        if data is None:
            raise IntegrityError(f"the evidence {digest} is missing")
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data


def _name(digest: Digest) -> str:
    return f"sha256/{digest.hex[:2]}/{digest.hex}"
