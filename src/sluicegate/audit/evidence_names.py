"""Which files of evidence entries name, directly or by a list of a stage's outputs."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from sluicegate.audit.record import Entry
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.event import ReleaseRequested, StageFinished
from sluicegate.model.evidence import OUTPUTS
from sluicegate.model.log_event import AnswerAttested
from sluicegate.ports.evidence import EvidenceStore


@dataclass
class Named:
    """Files that entries name; ``lists`` are those of them that name more."""

    files: set[Digest] = field(default_factory=set)
    lists: set[Digest] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Add what *entry* names: results, a request, the statement it came from."""
        if isinstance(entry.event, StageFinished):
            for file in entry.event.evidence.files:
                self.files.add(file.digest)
                if file.name == OUTPUTS:
                    self.lists.add(file.digest)
        if isinstance(entry.event, ReleaseRequested):
            self.files.add(entry.event.request)
        if isinstance(entry.event, AnswerAttested):
            self.files.add(entry.event.attestation)
        if entry.envelope.statement is not None:
            self.files.add(entry.envelope.statement)

    def join(self, other: "Named") -> None:
        """Add what *other* has."""
        self.files |= other.files
        self.lists |= other.lists


def read_listed(evidence: EvidenceStore, lists: Iterable[Digest]) -> set[Digest]:
    """The files that *lists* name.

    Raises:
        IntegrityError: one of them is missing, or is not what was kept.
    """
    return {digest for each in lists for digest in parse_list(evidence.load(each))}


def find_removable(evidence: EvidenceStore, gone: Named, kept: Named) -> set[Digest]:
    """The files that are named by *gone* alone.

    None where a list of *kept* cannot be read: nobody knows what it names.
    """
    try:
        needed = kept.files | read_listed(evidence, kept.lists)
    except IntegrityError:
        return set()
    found = set(gone.files)
    for each in gone.lists - needed:
        with suppress(IntegrityError):  # removed already, with what it named or before
            found |= read_listed(evidence, [each])
    return found - needed


def parse_list(data: bytes) -> Iterator[Digest]:
    """The digests in a list of outputs.

    Raises:
        IntegrityError: it is no such list.
    """
    try:
        for entry in json.loads(data):
            yield Digest.parse(entry["digest"])
    except (ValueError, TypeError, LookupError, RecursionError, UsageError) as error:
        raise IntegrityError(f"{OUTPUTS} is not a list of outputs") from error
