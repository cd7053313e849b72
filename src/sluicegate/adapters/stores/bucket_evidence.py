"""Evidence files in a bucket, by digest: ``sha256/ab/ab12...``, locked like the log."""

from collections.abc import Callable
from datetime import datetime, timedelta

from typing_extensions import override

from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.bucket_keeping import BucketKeeping
from sluicegate.errors import IntegrityError, MissingError
from sluicegate.model.bucket import Locking
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Promise
from sluicegate.ports.evidence import EvidenceStore

_FOLDER = "sha256/"


class BucketEvidence(EvidenceStore):
    """Content-addressed files in *files*, kept for as long as *promised* says."""

    def __init__(self, files: LockedFiles, promised: Callable[[], timedelta]) -> None:
        self._files, self._promised = files, promised
        self._keeping = BucketKeeping(files, (_FOLDER,), sample=_FOLDER)
        self._is_checked = False

    @override
    def keep(self, data: bytes) -> Digest:
        if not self._is_checked:
            self._files.keep_for(self._promised())
            self._files.check_bucket()
            self._is_checked = True
        digest = Digest.of(data)
        # Found again, it belongs to a younger entry: its time begins anew.
        self._files.keep(_name(digest), data, from_now=True)
        return digest

    @override
    def load(self, digest: Digest) -> bytes:
        data = self._files.read(_name(digest))
        if data is None:
            raise MissingError(f"the evidence {digest} is missing")
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data

    @override
    def drop(self, digest: Digest, since: datetime) -> bool:
        name, bucket = _name(digest), self._files.bucket
        if self._files.locking not in {Locking.COMPLIANCE, Locking.GOVERNANCE}:
            return False  # only a lock of its own says that it was kept again since
        history = self._files.history(name)
        if any(version.modified >= since for version in history):
            return False
        self._files.forget(name)
        return all(bucket.delete(name, version.id) for version in history)

    @override
    def promise(self) -> Promise:
        return self._keeping.promise()

    @override
    def expiry(self, digest: Digest) -> datetime | None:
        return self._keeping.expiry(_name(digest))


def _name(digest: Digest) -> str:
    return f"{_FOLDER}{digest.hex[:2]}/{digest.hex}"
