"""Evidence in the ref of its log, pushed with the log's next commit."""

from datetime import datetime

from typing_extensions import override

from sluicegate.adapters.stores.git_log import EVIDENCE, GitLog
from sluicegate.adapters.stores.waiting import WaitingEvidence, name_of
from sluicegate.errors import IntegrityError, MissingError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Promise
from sluicegate.ports.evidence import EvidenceStore


class GitEvidence(EvidenceStore):
    """Files in the ref of *log*, or in *waiting* until they are committed."""

    def __init__(self, log: GitLog, waiting: WaitingEvidence) -> None:
        self._log = log
        self._waiting = waiting

    @override
    def keep(self, data: bytes) -> Digest:
        return self._waiting.keep(data)

    @override
    def load(self, digest: Digest) -> bytes:
        data = self._waiting.load(digest)
        if data is None:
            data = self._find(EVIDENCE + name_of(digest))
        if data is None:
            raise MissingError(f"the evidence {digest} is missing")
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data

    @override
    def drop(self, digest: Digest, since: datetime) -> bool:
        return False  # it would stay in the history of the ref, and nothing be won

    @override
    def promise(self) -> Promise:
        return self._log.promise()

    @override
    def expiry(self, digest: Digest) -> datetime | None:
        return None

    def _find(self, name: str) -> bytes | None:
        data = self._log.get(name)
        if data is None:
            self._log.load()  # another process may have committed it since
            data = self._log.get(name)
        return data
