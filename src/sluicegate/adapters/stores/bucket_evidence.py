"""Evidence files in a bucket, by digest: ``sha256/ab/ab12...``, locked like the log."""

from collections.abc import Callable
from datetime import timedelta

from typing_extensions import override

from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.ports.evidence import EvidenceStore


class BucketEvidence(EvidenceStore):
    """Content-addressed files in *files*, kept for as long as *promised* says."""

    def __init__(self, files: LockedFiles, promised: Callable[[], timedelta]) -> None:
        self._files, self._promised = files, promised
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
            raise IntegrityError(f"the evidence {digest} is missing")
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data


def _name(digest: Digest) -> str:
    return f"sha256/{digest.hex[:2]}/{digest.hex}"
