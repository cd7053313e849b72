"""Evidence that goes with the next commit of a log, kept on this machine until then."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.model.digest import Digest

MAX_BYTES = 1 << 20
_NAME = re.compile(r"sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})")


def name_of(digest: Digest) -> str:
    """The name of a file of evidence: ``sha256/ab/ab12...``."""
    return f"sha256/{digest.hex[:2]}/{digest.hex}"


class WaitingEvidence:
    """Files by digest in the folder *root*, of at most *max_bytes* each."""

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES) -> None:
        self._store = DirectoryStore(root)
        self._max_bytes = max_bytes

    def keep(self, data: bytes) -> Digest:
        """Keep *data* durably until it is committed.

        Raises:
            PermanentError: it is too large to be kept in a Git repository for ever.
        """
        if len(data) > self._max_bytes:
            raise PermanentError(
                f"a file of evidence has {len(data)} bytes, and a log in a Git ref"
                f" takes {self._max_bytes}",
                hint="in the pipeline file, keep evidence elsewhere:"
                " `audit: {evidence: 'oci:HOST/PATH'}` (or dir:PATH, s3://BUCKET/PREFIX)"
                "; or allow more: `audit: {evidence_limit: 4MiB}`",
            )
        digest = Digest.of(data)
        self._store.put(name_of(digest), data)
        return digest

    def load(self, digest: Digest) -> bytes | None:
        """A file that waits, None if it does not.

        Raises:
            IntegrityError: it was changed.
        """
        data = self._store.get(name_of(digest))
        if data is not None and Digest.of(data) != digest:
            raise IntegrityError(f"the evidence {digest} was changed")
        return data

    def all(self) -> Iterator[tuple[str, bytes]]:
        """All files that wait, by name.

        Raises:
            IntegrityError: one of them is not what its name says.
        """
        for name in self._store.names():
            found = _NAME.fullmatch(name)
            data = None if found is None else self._store.get(name)
            if found is None or (data is not None and Digest.of(data).hex != found[2]):
                raise IntegrityError(
                    f"{self._store.root / name} is no evidence that waits for the log",
                    hint="see who put or changed it, and move it away",
                )
            if data is not None:
                yield name, data

    def discard(self, names: Iterable[str]) -> None:
        """Forget files that are committed."""
        for name in names:
            self._store.drop(name)
