"""What entries on releases must be: no environment is entered without its request.

Whoever holds the log's key can write that an environment was entered. What they cannot
write is an answer that somebody else did not sign, so each that is counted must be in
the log, be about that very request, and be used by no other entry. An answer that a
code host attests is not signed, and is held against its evidence alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.record import Entry
from sluicegate.audit.request_form import parse_request
from sluicegate.errors import IntegrityError, MissingError
from sluicegate.model.digest import Digest
from sluicegate.model.event import EnvironmentEntered, ReleaseRequested
from sluicegate.model.log_event import AnswerAttested, RequestAnswered
from sluicegate.model.log_state import ACCOUNT_KEY
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer
from sluicegate.ports.evidence import EvidenceStore


@dataclass(frozen=True, slots=True)
class _Asked:
    run_id: str
    stage: str
    environment: str
    policy: Digest


@dataclass(frozen=True, slots=True)
class _Answered:
    request: Digest
    answer: Answer
    key: str
    index: int
    counts: bool = True


class ReleaseRules:
    """Checks entries in order; *evidence* has what the requests say, None if unread.

    ``sound`` are the requests that were read and are what was asked. After `skip`, what
    an entry refers to may be among those that were not seen.
    """

    def __init__(self, evidence: EvidenceStore | None) -> None:
        self._evidence = evidence
        self._asked: dict[Digest, _Asked] = {}
        self._answers: dict[Digest, _Answered] = {}
        self._used: dict[Digest, int] = {}
        self._gaps = False
        self.sound: set[Digest] = set()
        self._missing: list[str] = []

    def take_missing(self) -> list[str]:
        """What was looked for since the last time and is not there at all."""
        taken, self._missing = self._missing, []
        return taken

    def skip(self) -> None:
        """Entries were not seen."""
        self._gaps = True

    def check(self, index: int, entry: Entry) -> Iterator[str]:
        """Check an entry against those before it."""
        envelope, event = entry.envelope, entry.event
        match event:
            case ReleaseRequested() if isinstance(envelope, Envelope):
                if event.request in self._asked:
                    yield f"request {event.request} is made a second time"
                self._asked[event.request] = _Asked(
                    envelope.run_id, event.stage, event.environment, event.policy
                )
                yield from self._check_file(envelope.run_id, event)
            case RequestAnswered() if envelope.statement is not None:
                self._answers.setdefault(
                    envelope.statement,
                    _Answered(event.request, event.answer, envelope.actor.id, index),
                )
            case AnswerAttested():
                self._answers.setdefault(
                    event.attestation,
                    _Answered(
                        event.request,
                        event.answer,
                        f"{ACCOUNT_KEY}{envelope.actor.id}",
                        index,
                        counts=event.way is not Way.REVIEW,
                    ),
                )
            case EnvironmentEntered() if isinstance(envelope, Envelope):
                yield from self._check_entry(index, envelope.run_id, event)
            case _:
                pass

    def _check_file(self, run_id: str, event: ReleaseRequested) -> Iterator[str]:
        if self._evidence is None:
            return
        try:
            request = parse_request(self._evidence.load(event.request))
        except MissingError as error:
            self._missing.append(f"its release request: {error}")
            return
        except IntegrityError as error:
            yield f"its release request: {error}"
            return
        said = (request.run_id, request.stage, request.environment, request.policy)
        if said != (run_id, event.stage, event.environment, event.policy):
            yield "its release request says otherwise"
        else:
            self.sound.add(event.request)

    def _check_entry(
        self, index: int, run_id: str, event: EnvironmentEntered
    ) -> Iterator[str]:
        if event.size > index:
            yield f"it was judged by {event.size} entries, of {index} before it"
        if event.request is None:
            if event.approvals or event.override:
                yield "it counts answers, and names no request"
            return
        if event.request in self._used:
            yield f"request {event.request} was used before, by entry " + str(
                self._used[event.request]
            )
        self._used[event.request] = index
        asked = self._asked.get(event.request)
        if asked is None:
            if not self._gaps:
                yield f"request {event.request} was never made"
        elif asked != _Asked(run_id, event.stage, event.environment, event.policy):
            yield f"request {event.request} was made for something else"
        yield from self._check_answers(event)
        if not event.override:
            yield from self._check_rejections(event)

    def _check_answers(self, event: EnvironmentEntered) -> Iterator[str]:
        wanted = (
            {Answer.APPROVE, Answer.OVERRIDE} if event.override else {Answer.APPROVE}
        )
        for each in event.approvals:
            found = self._answers.get(each.statement)
            if found is None:
                if not self._gaps:
                    yield f"nobody has signed the answer {each.statement}"
            elif not found.counts:
                yield f"the answer {each.statement} is a review, which is nobody's yes"
            elif found.request != event.request:
                yield f"the answer {each.statement} is about another request"
            elif found.answer not in wanted:
                yield f"the answer {each.statement} is {found.answer.value}"
            elif found.key != each.key:
                yield f"the answer {each.statement} was signed by another key"
            elif found.index >= event.size:
                yield f"the answer {each.statement} came only after it was judged"

    def _check_rejections(self, event: EnvironmentEntered) -> Iterator[str]:
        counted = {each.key for each in event.approvals}
        for each in self._answers.values():
            is_known = each.request == event.request and each.index < event.size
            if is_known and each.answer is Answer.REJECT and each.key in counted:
                yield f"entry {each.index} had rejected its request, by a key it counts"
