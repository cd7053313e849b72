"""Evidence files in a directory, by digest: ``sha256/ab/ab12...``."""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.adapters.stores.durable import NO_FOLLOW, check_writable
from sluicegate.errors import IntegrityError, MissingError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Keeping, Promise
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
        if found is not None and found != data:
            raise IntegrityError(f"the evidence {digest} was changed")
        if found is None or not self._renew(name):
            self._store.put(name, data)
        return digest

    @override
    def load(self, digest: Digest) -> bytes:
        data = self._store.get(_name(digest))
        if data is None:
            raise MissingError(f"the evidence {digest} is missing")
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data

    @override
    def drop(self, digest: Digest, since: datetime) -> bool:
        *heads, last = _name(digest).split("/")
        check_writable(self._store.root)
        with self._store.reporting(_name(digest)):
            try:
                with self._store.directory(heads) as folder:
                    return _remove(folder, last, since)
            except FileNotFoundError:
                return True

    @override
    def promise(self) -> Promise:
        return Promise(
            Keeping.KEPT,
            "nothing is scheduled to delete it; anyone who can write to the folder can",
        )

    @override
    def expiry(self, digest: Digest) -> datetime | None:
        return None

    def _renew(self, name: str) -> bool:
        """Let the time of a file that is there begin anew; False if it is gone."""
        *heads, last = name.split("/")
        check_writable(self._store.root)
        with self._store.reporting(name), suppress(FileNotFoundError):
            with self._store.directory(heads) as folder:
                file = os.open(last, os.O_RDONLY | NO_FOLLOW, dir_fd=folder)
                try:
                    os.utime(file)
                    # Whoever wrote it may have crashed before it was on the disk.
                    os.fsync(file)
                finally:
                    os.close(file)
                os.fsync(folder)
                # Whoever removes it moves it away first and then looks at its time.
                os.stat(last, dir_fd=folder, follow_symlinks=False)
            return True
        return False


def _remove(folder: int, name: str, since: datetime) -> bool:
    """Remove a file, unless somebody keeps it again at this very moment."""
    if _is_younger(folder, name, since):
        return False
    away = f".{name}.{secrets.token_hex(8)}"
    os.rename(name, away, src_dir_fd=folder, dst_dir_fd=folder)
    is_kept = _is_younger(folder, away, since)
    if is_kept:
        os.rename(away, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(away, dir_fd=folder)
    return not is_kept


def _is_younger(folder: int, name: str, since: datetime) -> bool:
    kept = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
    return datetime.fromtimestamp(kept, UTC) >= since


def _name(digest: Digest) -> str:
    return f"sha256/{digest.hex[:2]}/{digest.hex}"
