"""Evidence files in a repository of a registry, each held by a manifest of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from typing_extensions import override

from sluicegate.adapters.registries.artifact import EMPTY, evidence_tag, hold_file
from sluicegate.adapters.registries.repository import Repository
from sluicegate.errors import ExternalError, IntegrityError, MissingError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Keeping, Promise
from sluicegate.ports.evidence import EvidenceStore


class OciEvidence(EvidenceStore):
    """Content-addressed files in *repository*.

    A registry throws away what no manifest names, so each file has one, under a tag:
    who deletes the images in the same repository leaves it alone.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._lock = threading.Lock()

    @override
    def keep(self, data: bytes) -> Digest:
        digest, repository = Digest.of(data), self._repository
        manifest, tag = hold_file(digest, len(data)), evidence_tag(digest)
        with self._lock, _naming("kept"):
            held = repository.manifest(tag)
            # What was thrown away comes back, whatever the manifest still says.
            repository.put_blob(data)
            if held is None or held.data != manifest.data:
                repository.put_blob(EMPTY)
                repository.put_manifest(tag, manifest)
        return digest

    @override
    def load(self, digest: Digest) -> bytes:
        with self._lock, _naming("read"):
            data = self._repository.blob(digest)
        if data is None:
            raise MissingError(f"the evidence {digest} is missing")
        if Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data

    @override
    def drop(self, digest: Digest, since: datetime) -> bool:
        return False  # a registry does not say whether it was kept again since

    @override
    def promise(self) -> Promise:
        return Promise(
            Keeping.KEPT,
            f"{self._repository.registry} keeps it unless a retention policy of its own"
            " deletes it, which cannot be asked; anyone who can push there can replace"
            " or delete it",
        )

    @override
    def expiry(self, digest: Digest) -> datetime | None:
        return None


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say of a registry that fails what it was asked for."""
    try:
        yield
    except ExternalError as error:
        reason = f"the evidence cannot be {what}: {error}"
        raise type(error)(reason, hint=error.hint) from error
