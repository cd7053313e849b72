"""Taking into the log what a code host attests, each answer once.

Everything is decided under the state of the log that the entries come after, so that
any number of recorders may take in the same answer at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.attested.form import format_attestation
from sluicegate.audit.attested.words import Word
from sluicegate.audit.envelope import Actor
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.model.attestation import Attestation
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import AnswerAttested, LogEvent
from sluicegate.model.log_state import LogState
from sluicegate.model.state_item import OpenRequest
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.tlog.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Attested:
    """An answer that counts, unless the state of the log says otherwise."""

    kept: Attestation
    word: Word


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer.

    Attributes:
        place: where it was given.
        url: where the code host shows it; empty where it shows nothing.
        word: what was said; None where nothing was.
        reason: why it was not taken in; empty if it was, now or earlier.
        event: what it has recorded; None where it was refused, or in the log already.
        may_change: whether it is worth looking at again.
        is_broken: whether it may well be an answer, and cannot be taken in: trouble.
    """

    place: str
    url: str = ""
    word: Word | None = None
    reason: str = ""
    event: AnswerAttested | None = None
    may_change: bool = False
    is_broken: bool = False


def refuse_by_state(asked: OpenRequest | None, word: Word, now: datetime) -> str:
    """Why an answer to *asked* would do nothing; empty if it does something."""
    if asked is None:
        return f"no release request {word.request.hex} is in this log"
    if asked.entered is not None:
        return f"that request was used already, by entry {asked.entered}"
    if asked.expires <= now:
        return f"that request expired on {asked.expires:%Y-%m-%d %H:%M:%S} UTC"
    return ""


def take_in(
    recorder: LogRecorder, evidence: EvidenceStore, answers: Sequence[Attested]
) -> list[Taken]:
    """Record *answers* in one commit, and keep in *evidence* what attests them.

    One of which that cannot be kept, because it is too long, keeps out no other.

    Raises:
        IntegrityError: the log is not what it was.
        ExternalError: whether they are in the log is unknown; doing it again does no
            harm.
    """
    digests = [_keep(evidence, each) for each in answers]
    taken: list[Taken] = []

    def decide(old: Checkpoint) -> list[tuple[LogEvent, Actor]]:
        state = read_state(recorder.log, size=old.size)
        taken[:] = _decide(answers, digests, state, recorder.clock.now())
        return [
            (one.event, _actor(each.kept, each.word))
            for each, one in zip(answers, taken, strict=True)
            if one.event is not None
        ]

    if answers:
        recorder.record_of(decide)
    return taken


def refuse_broken(
    place: str, url: str, error: SluicegateError, word: Word | None = None
) -> Taken:
    """What becomes of an answer that cannot be taken in because of *error*."""
    why = f"it cannot be taken in: {error}"
    return Taken(place, url, word, why, may_change=True, is_broken=True)


def _keep(evidence: EvidenceStore, answer: Attested) -> Digest | Taken:
    word = answer.word
    try:
        return evidence.keep(format_attestation(answer.kept))
    except UsageError as error:
        return refuse_broken(word.place, word.url, error, word)


def _decide(
    answers: Sequence[Attested],
    digests: Sequence[Digest | Taken],
    state: LogState,
    now: datetime,
) -> list[Taken]:
    known, outcomes = set(state.attested), list[Taken]()
    for each, digest in zip(answers, digests, strict=True):
        word, kept = each.word, each.kept
        if word.place in known:
            outcomes.append(Taken(word.place, word.url, word))
            continue
        reason = refuse_by_state(state.requests.get(word.request), word, now)
        if reason:
            outcomes.append(Taken(word.place, word.url, word, reason))
            continue
        if isinstance(digest, Taken):
            outcomes.append(digest)
            continue
        known.add(word.place)
        event = AnswerAttested(
            request=word.request,
            environment=kept.environment,
            answer=word.answer,
            reason=kept.reason,
            way=kept.way,
            place=word.place,
            attestation=digest,
        )
        outcomes.append(Taken(word.place, word.url, word, event=event))
    return outcomes


def _actor(kept: Attestation, word: Word) -> Actor:
    number = word.account.number
    return Actor("user", str(number), issuer=kept.url, user_id=number)
