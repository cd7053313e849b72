"""The answers in a log that a code host attests, each judged again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sluicegate.audit.attested.form import parse_attestation
from sluicegate.audit.attested.judging import Expected, judge
from sluicegate.audit.attested.words import Refusal, Word
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode_entry
from sluicegate.audit.request_form import parse_request
from sluicegate.errors import IntegrityError
from sluicegate.model.attestation import Attestation
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import AnswerAttested
from sluicegate.model.log_state import ACCOUNT_KEY, LogState
from sluicegate.model.policy import ACCOUNT
from sluicegate.model.release_request import Approval
from sluicegate.model.state_item import AttestedAnswer
from sluicegate.ports.evidence import EvidenceStore


@dataclass(frozen=True)
class Workflows:
    """The workflows that the protected branch has now.

    ``branch`` is its short name, ``commit`` its tip; ``file`` is asked for the digest
    of a file, by its path from the root of the repository, and says None for no file.
    """

    branch: str
    commit: str
    file: Callable[[str], Digest | None]


@dataclass(frozen=True)
class AttestedReader:
    """Reads the answers in *log* that a code host attests, from *evidence*.

    ``workflows`` is asked once an answer is worth it.
    """

    log: LogReader
    evidence: EvidenceStore
    workflows: Callable[[], Workflows]

    def read(
        self,
        state: LogState,
        environment: str,
        now: datetime | None = None,
        *,
        entered: Digest | None = None,
    ) -> Iterator[Approval]:
        """The answers to the open requests about *environment*, in their order.

        As `sluicegate.audit.statements.answers.AnswerReader.read`.

        Raises:
            IntegrityError: an entry or its evidence is not what it was.
            UsageError: it cannot be told which branch is the protected one.
            ExternalError: Git fails.
        """
        for each in sorted(state.attested.values(), key=lambda each: each.index):
            asked = state.requests.get(each.request)
            if asked is None or asked.environment != environment:
                continue
            is_used = asked.entered is not None and asked.request != entered
            if not is_used and (now is None or now < asked.expires):
                yield self._read(each)

    def _read(self, given: AttestedAnswer) -> Approval:
        kept = parse_attestation(self.evidence.load(given.attestation))
        entry = decode_entry(self.log.entry(given.index))
        word = judge(
            kept, self._expect(self.evidence.load(given.request)), is_recorded=True
        )
        check_entry(entry, kept, word)
        said = Approval(
            request=given.request,
            environment=given.environment,
            answer=given.answer,
            identities=(),
            key=f"{ACCOUNT_KEY}{given.account}",
            reason=given.reason,
            created=kept.observed,
            recorded=given.recorded_ts,
            statement=given.attestation,
            index=given.index,
            way=given.way,
            accounts=tuple(
                (each.address, f"{ACCOUNT}{each.login}")
                for each in kept.accounts
                if each.login is not None
            ),
        )
        if isinstance(word, Refusal):
            return replace(said, flaw=word.reason)
        return replace(
            said,
            identities=(f"{ACCOUNT}{word.account.login}",),
            created=word.created,
            workflow=word.workflow,
            url=word.url,
        )

    def _expect(self, request: bytes) -> Expected:
        now = self.workflows()
        return Expected(
            self.log.head().origin, parse_request(request), now.branch, now.file
        )


def check_entry(entry: Entry, kept: Attestation, word: Word | Refusal) -> None:
    """See to it that *entry* says what its evidence *kept* says, and so *word*.

    Raises:
        IntegrityError: it says otherwise.
    """
    event = entry.event
    if not isinstance(event, AnswerAttested):
        raise IntegrityError("it attests no answer")
    said = (event.request, event.environment, event.way, event.reason)
    if said != (kept.request, kept.environment, kept.way, kept.reason):
        raise IntegrityError("its evidence says otherwise than its entry")
    if isinstance(word, Refusal):
        return
    actor, account = entry.envelope.actor, str(word.account.number)
    if (actor.kind, actor.id) != ("user", account):
        raise IntegrityError(f"its actor is {actor.kind} {actor.id}, not {account}")
    if (event.place, event.answer) != (word.place, word.answer):
        raise IntegrityError("its entry says otherwise than the code host said")
