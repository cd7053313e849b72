"""Evidence that is kept in another place than it was before."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from typing_extensions import override

from sluicegate.errors import MissingError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Keeping, Promise
from sluicegate.ports.evidence import EvidenceStore

_STRENGTH = tuple(Keeping)


class MovedEvidence(EvidenceStore):
    """Files in *place*; those of before the move are where *before* opens."""

    def __init__(
        self, place: EvidenceStore, before: Callable[[], EvidenceStore]
    ) -> None:
        self._place = place
        self._open = before
        self._old: set[Digest] = set()

    @cached_property
    def _before(self) -> EvidenceStore:
        return self._open()

    @override
    def keep(self, data: bytes) -> Digest:
        return self._place.keep(data)

    @override
    def load(self, digest: Digest) -> bytes:
        try:
            return self._place.load(digest)
        except MissingError as missing:
            try:
                data = self._before.load(digest)
            except MissingError:
                raise missing from None
        self._old.add(digest)
        return data

    @override
    def drop(self, digest: Digest, since: datetime) -> bool:
        return False  # nobody knows which other logs name it

    @override
    def promise(self) -> Promise:
        """That of the place; the weaker of both once a file was found in the old."""
        promises = [self._place.promise()]
        if self._old:
            promises.append(self._before.promise())
        return max(promises, key=lambda each: _STRENGTH.index(each.keeping))

    @override
    def expiry(self, digest: Digest) -> datetime | None:
        place = self._before if digest in self._old else self._place
        return place.expiry(digest)
