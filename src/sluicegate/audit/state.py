"""The state of a log, folded from its entries. Pure.

It never needs more than the entries in their order: what a rule wants to know of the
past (who holds an environment, what is held, which statements are used) is an item of
the state, and outlives the entry that said it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sluicegate.audit.envelope import Envelope, LogEnvelope
from sluicegate.audit.record import Entry, Unknown
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    EnvironmentEntered,
    ReleaseRequested,
    RolloutDirected,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunStarted,
)
from sluicegate.model.log_event import (
    AnswerAttested,
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldPlaced,
    HoldReleased,
    KeyRotated,
    LeaseReleased,
    LeaseTaken,
    LogCreated,
    LogPruned,
    OverrideClosed,
    RequestAnswered,
    RetentionChanged,
    RolloutAnswered,
    StateSnapshot,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.rollout import Direction, RolloutResult
from sluicegate.model.state_item import (
    Absorbed,
    AttestedAnswer,
    Definition,
    GivenAnswer,
    GivenDirection,
    Hold,
    Lease,
    Lock,
    OpenRequest,
    OpenRollout,
    OpenRun,
    Override,
    RolloutTerm,
    StableRelease,
)

_ARRIVED = {RolloutResult.DEPLOYED, RolloutResult.PROMOTED}


def advance(state: LogState, index: int, entry: Entry) -> LogState:
    """The state after one more entry, *index*. For many, `Fold` is faster.

    Raises:
        IntegrityError: another entry is due.
    """
    fold = Fold(state)
    fold.add(index, entry)
    return fold.state


@dataclass
class _Draft:
    """A `LogState` that can be changed, without what changes with every entry."""

    created: LogCreated | None
    retention_days: int
    min_index: int
    snapshot: int
    rotations: list[KeyRotated]
    holds: dict[str, Hold]
    leases: dict[str, Lease]
    stable: dict[str, StableRelease]
    rollouts: dict[str, OpenRollout]
    definitions: dict[tuple[str, str | None], Definition]
    runs: dict[str, OpenRun]
    statements: dict[Digest, Absorbed]
    requests: dict[Digest, OpenRequest]
    answers: dict[Digest, GivenAnswer]
    locks: dict[str, Lock]
    overrides: dict[str, Override]
    terms: dict[str, RolloutTerm]
    directions: dict[int, GivenDirection]
    attested: dict[str, AttestedAnswer]


class Fold:
    """A state that grows by entries."""

    def __init__(self, state: LogState | None = None) -> None:
        """Go on from *state*, by default from that of an empty log."""
        state = state or LogState()
        self.size = state.size
        self.unknown = state.unknown
        self._draft = _Draft(
            created=state.created,
            retention_days=state.retention_days,
            min_index=state.min_index,
            snapshot=state.snapshot,
            rotations=list(state.rotations),
            holds=dict(state.holds),
            leases=dict(state.leases),
            stable=dict(state.stable),
            rollouts=dict(state.rollouts),
            definitions=dict(state.definitions),
            runs=dict(state.runs),
            statements=dict(state.statements),
            requests=dict(state.requests),
            answers=dict(state.answers),
            locks=dict(state.locks),
            overrides=dict(state.overrides),
            terms=dict(state.terms),
            directions=dict(state.directions),
            attested=dict(state.attested),
        )

    @property
    def state(self) -> LogState:
        """The state now; it does not change with the entries that follow."""
        draft = self._draft
        return LogState(
            size=self.size,
            created=draft.created,
            retention_days=draft.retention_days,
            min_index=draft.min_index,
            snapshot=draft.snapshot,
            rotations=tuple(draft.rotations),
            holds=dict(draft.holds),
            leases=dict(draft.leases),
            stable=dict(draft.stable),
            rollouts=dict(draft.rollouts),
            definitions=dict(draft.definitions),
            runs=dict(draft.runs),
            statements=dict(draft.statements),
            requests=dict(draft.requests),
            answers=dict(draft.answers),
            locks=dict(draft.locks),
            overrides=dict(draft.overrides),
            terms=dict(draft.terms),
            directions=dict(draft.directions),
            attested=dict(draft.attested),
            unknown=self.unknown,
        )

    def add(self, index: int, entry: Entry) -> None:
        """Fold in the entry *index*. One of an unknown type is counted, no more.

        Raises:
            IntegrityError: another entry is due.
        """
        if index != self.size:
            raise IntegrityError(f"entry {index} where entry {self.size} should be")
        self.size = index + 1
        draft, envelope = self._draft, entry.envelope
        if envelope.statement is not None:
            absorbed = Absorbed(envelope.statement, index)
            draft.statements.setdefault(envelope.statement, absorbed)
        if isinstance(envelope, Envelope):
            _follow_run(draft, index, envelope)
        if isinstance(entry.event, Unknown):
            self.unknown += 1
        elif type(entry.event) in _TAKE:
            _TAKE[type(entry.event)](draft, index, entry.envelope, entry.event)


def _follow_run(draft: _Draft, index: int, envelope: Envelope) -> None:
    """Every event of a run opens it; the end, which is one too, closes it again."""
    run_id = envelope.run_id
    known = draft.runs.get(run_id)
    first = index if known is None else known.first
    draft.runs[run_id] = OpenRun(run_id, envelope.seq + 1, first, index)


def _run_started(draft: _Draft, index: int, _: Envelope, event: RunStarted) -> None:
    key = (event.pipeline, event.branch)
    is_its_first = not event.dirty and event.rollback is None
    if is_its_first and key not in draft.definitions:
        draft.definitions[key] = Definition(*key, event.definition, index)


def _run_finished(
    draft: _Draft, _index: int, envelope: Envelope, _event: RunFinished
) -> None:
    draft.runs.pop(envelope.run_id, None)


def _rollout_started(
    draft: _Draft, index: int, envelope: Envelope, event: RolloutStarted
) -> None:
    """What the rollout found live is live, whatever the log says up to here."""
    place, run_id = event.environment, envelope.run_id
    known = draft.stable.get(place)
    if event.stable is None:
        draft.stable.pop(place, None)
    elif known is None or known.release.image != event.stable.image:
        draft.stable[place] = StableRelease(
            place, event.stable, run_id, envelope.recorded_ts, index
        )
    draft.rollouts[place] = OpenRollout(
        place, run_id, event.stage, event.canary, event.stable, index
    )
    _forget_term(draft, place)
    if event.deadline is not None:
        draft.terms[place] = RolloutTerm(place, envelope.event_id, event.deadline)


def _rollout_finished(
    draft: _Draft, index: int, envelope: Envelope, event: RolloutFinished
) -> None:
    key = (envelope.run_id, event.stage)
    for place, rollout in list(draft.rollouts.items()):
        if (rollout.run_id, rollout.stage) == key:
            del draft.rollouts[place]
            _forget_term(draft, place)
            if event.result in _ARRIVED:
                draft.stable[place] = StableRelease(
                    place,
                    rollout.canary,
                    envelope.run_id,
                    envelope.recorded_ts,
                    index,
                )


def _rollout_directed(
    draft: _Draft, _index: int, envelope: Envelope, event: RolloutDirected
) -> None:
    """Its deadline stands still while it is paused."""
    key = (envelope.run_id, event.stage)
    for place, rollout in draft.rollouts.items():
        term = draft.terms.get(place)
        if (rollout.run_id, rollout.stage) != key or term is None:
            continue
        if event.direction is Direction.PAUSE and term.paused is None:
            draft.terms[place] = replace(term, paused=event.at)
        elif event.direction is Direction.RESUME and term.paused is not None:
            stood = max(event.at - term.paused, timedelta(0))
            draft.terms[place] = replace(
                term, paused=None, deadline=term.deadline + stood
            )


def _rollout_answered(
    draft: _Draft, index: int, envelope: LogEnvelope, event: RolloutAnswered
) -> None:
    """It counts for that rollout alone, while it is open."""
    known = draft.terms.get(event.environment)
    if known is not None and known.rollout == event.rollout:
        draft.directions[index] = GivenDirection(
            rollout=event.rollout,
            environment=event.environment,
            direction=event.direction,
            reason=event.reason,
            by=f"{envelope.actor.kind}:{envelope.actor.id}",
            recorded_ts=envelope.recorded_ts,
            index=index,
            statement=envelope.statement,
        )


def _forget_term(draft: _Draft, environment: str) -> None:
    """Drop what was said of the rollout before."""
    draft.terms.pop(environment, None)
    draft.directions = {
        index: given
        for index, given in draft.directions.items()
        if given.environment != environment
    }


def _release_requested(
    draft: _Draft, index: int, envelope: Envelope, event: ReleaseRequested
) -> None:
    draft.requests.setdefault(
        event.request,
        OpenRequest(
            request=event.request,
            environment=event.environment,
            run_id=envelope.run_id,
            stage=event.stage,
            created=event.created,
            expires=event.expires,
            index=index,
        ),
    )


def _environment_entered(
    draft: _Draft, index: int, envelope: Envelope, event: EnvironmentEntered
) -> None:
    """The request is used, whoever used it; an override stays until it is closed."""
    asked = None if event.request is None else draft.requests.get(event.request)
    if asked is not None and asked.entered is None:
        draft.requests[asked.request] = replace(asked, entered=index)
    if event.override:
        draft.overrides[envelope.event_id] = Override(
            override=envelope.event_id,
            environment=event.environment,
            run_id=envelope.run_id,
            by=tuple(each.person for each in event.approvals),
            at=envelope.recorded_ts,
            index=index,
        )


def _request_answered(
    draft: _Draft, index: int, envelope: LogEnvelope, event: RequestAnswered
) -> None:
    if envelope.statement is not None:  # nobody answers without a signature
        draft.answers.setdefault(
            envelope.statement,
            GivenAnswer(
                statement=envelope.statement,
                request=event.request,
                environment=event.environment,
                answer=event.answer,
                reason=event.reason,
                key=envelope.actor.id,
                recorded_ts=envelope.recorded_ts,
                index=index,
            ),
        )


def _answer_attested(
    draft: _Draft, index: int, envelope: LogEnvelope, event: AnswerAttested
) -> None:
    """What was said in one place was said once."""
    draft.attested.setdefault(
        event.place,
        AttestedAnswer(
            place=event.place,
            attestation=event.attestation,
            request=event.request,
            environment=event.environment,
            answer=event.answer,
            way=event.way,
            reason=event.reason,
            account=envelope.actor.id,
            recorded_ts=envelope.recorded_ts,
            index=index,
        ),
    )


def _environment_locked(
    draft: _Draft, index: int, envelope: LogEnvelope, event: EnvironmentLocked
) -> None:
    """Of two locks the first is in force: the second changed nothing."""
    draft.locks.setdefault(
        event.environment,
        Lock(
            lock=envelope.event_id,
            environment=event.environment,
            reason=event.reason,
            by=f"{envelope.actor.kind}:{envelope.actor.id}",
            since_ts=envelope.recorded_ts,
            index=index,
        ),
    )


def _environment_unlocked(
    draft: _Draft, _index: int, _: LogEnvelope, event: EnvironmentUnlocked
) -> None:
    lock = draft.locks.get(event.environment)
    if lock is not None and lock.lock == event.lock:
        del draft.locks[event.environment]


def _override_closed(
    draft: _Draft, _index: int, _: LogEnvelope, event: OverrideClosed
) -> None:
    draft.overrides.pop(event.override, None)


def _log_created(draft: _Draft, _index: int, _: LogEnvelope, event: LogCreated) -> None:
    draft.created = event
    draft.retention_days = event.retention_days


def _retention_changed(
    draft: _Draft, _index: int, _: LogEnvelope, event: RetentionChanged
) -> None:
    # A promise is never taken back, whoever wrote that it is.
    draft.retention_days = max(draft.retention_days, event.retention_days)


def _key_rotated(draft: _Draft, index: int, _: LogEnvelope, event: KeyRotated) -> None:
    if event.size == index:  # in any other place it is a copy of one, and means nothing
        draft.rotations.append(event)


def _hold_placed(
    draft: _Draft, index: int, envelope: LogEnvelope, event: HoldPlaced
) -> None:
    draft.holds[envelope.event_id] = Hold(
        hold=envelope.event_id,
        scope=event.scope,
        reason=event.reason,
        by=f"{envelope.actor.kind}:{envelope.actor.id}",
        placed_ts=envelope.recorded_ts,
        index=index,
    )


def _hold_released(
    draft: _Draft, _index: int, _: LogEnvelope, event: HoldReleased
) -> None:
    draft.holds.pop(event.hold, None)


def _lease_taken(draft: _Draft, index: int, _: LogEnvelope, event: LeaseTaken) -> None:
    place = event.environment
    draft.leases[place] = Lease(place, event.run_id, event.expires, index)


def _lease_released(
    draft: _Draft, _index: int, _: LogEnvelope, event: LeaseReleased
) -> None:
    lease = draft.leases.get(event.environment)
    if lease is not None and lease.fence == event.fence:
        del draft.leases[event.environment]


def _state_snapshot(
    draft: _Draft, _index: int, _: LogEnvelope, event: StateSnapshot
) -> None:
    draft.snapshot = event.size


def _log_pruned(draft: _Draft, _index: int, _: LogEnvelope, event: LogPruned) -> None:
    """Runs that are gone are no longer open, and old statements cannot come again.

    A statement can be absorbed for a month, and a request is good for as long at most;
    what is pruned is far older.
    """
    kept = draft.min_index = max(draft.min_index, event.min_index)
    draft.runs = {key: run for key, run in draft.runs.items() if run.last >= kept}
    draft.statements = {
        key: found for key, found in draft.statements.items() if found.index >= kept
    }
    draft.requests = {
        key: found for key, found in draft.requests.items() if found.index >= kept
    }
    draft.answers = {
        key: found for key, found in draft.answers.items() if found.index >= kept
    }
    draft.attested = {
        key: each for key, each in draft.attested.items() if each.index >= kept
    }


_TAKE: Mapping[type, Callable[[_Draft, int, Any, Any], None]] = {
    RunStarted: _run_started,
    RunFinished: _run_finished,
    ReleaseRequested: _release_requested,
    EnvironmentEntered: _environment_entered,
    RolloutStarted: _rollout_started,
    RolloutFinished: _rollout_finished,
    RolloutDirected: _rollout_directed,
    LogCreated: _log_created,
    RetentionChanged: _retention_changed,
    KeyRotated: _key_rotated,
    HoldPlaced: _hold_placed,
    HoldReleased: _hold_released,
    RequestAnswered: _request_answered,
    AnswerAttested: _answer_attested,
    RolloutAnswered: _rollout_answered,
    EnvironmentLocked: _environment_locked,
    EnvironmentUnlocked: _environment_unlocked,
    OverrideClosed: _override_closed,
    LeaseTaken: _lease_taken,
    LeaseReleased: _lease_released,
    StateSnapshot: _state_snapshot,
    LogPruned: _log_pruned,
}
"""What each type of event changes; all others change nothing."""
