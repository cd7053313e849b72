"""Holding entries against what a code host was seen to say.

Nobody has signed that: whoever holds the log's key could write evidence, too. What is
checked is that an entry counts nothing but what its evidence says, as that stands.
"""

from collections.abc import Iterator

from sluicegate.audit.attested.form import parse_attestation
from sluicegate.audit.attested.judging import Expected, judge
from sluicegate.audit.attested.reading import check_entry
from sluicegate.audit.attested.words import Refusal
from sluicegate.audit.record import Entry
from sluicegate.audit.request_form import parse_request
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import AnswerAttested
from sluicegate.ports.evidence import EvidenceStore


class AttestedRules:
    """Checks the entries of the log *origin*; *evidence* is None where it is unread.

    ``sound`` are the attestations that were read and hold, ``count`` is how many
    entries say that there are any, read or not.
    """

    def __init__(self, origin: str, evidence: EvidenceStore | None) -> None:
        self.sound: set[Digest] = set()
        self.count = 0
        self._origin = origin
        self._evidence = evidence
        self._places: set[str] = set()

    def check(self, entry: Entry) -> Iterator[str]:
        """Check that the code host was seen to say what *entry* says."""
        event = entry.event
        if not isinstance(event, AnswerAttested):
            return
        self.count += 1
        if event.place in self._places:
            yield f"{event.place} answers a second time"
        self._places.add(event.place)
        if self._evidence is None:
            return
        try:
            self._check(entry, event, self._evidence)
        except IntegrityError as error:
            yield f"what attests it: {error}"

    def _check(
        self, entry: Entry, event: AnswerAttested, evidence: EvidenceStore
    ) -> None:
        kept = parse_attestation(evidence.load(event.attestation))
        request = parse_request(evidence.load(event.request))
        # What the branch had then nobody can tell any more but the evidence.
        then = Expected(self._origin, request, kept.branch, lambda _: kept.workflow)
        word = judge(kept, then)
        if isinstance(word, Refusal):
            raise IntegrityError(word.reason)
        check_entry(entry, kept, word)
        self.sound.add(event.attestation)
