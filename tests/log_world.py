"""A log in memory, and everything that may happen to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import fakes_audit
from fakes_audit import FACTS, FakeSigner, FakeStore, event_ids
from fakes_inbox import FakePerson
from fakes_target import release
from hypothesis import strategies as st
from typing_extensions import override

from sluicegate.audit.envelope import Actor, Envelope, LogEnvelope
from sluicegate.audit.history import read_entries
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder, Signed
from sluicegate.audit.record import encode
from sluicegate.audit.snapshot import read_state, write_snapshot
from sluicegate.audit.state import Fold
from sluicegate.audit.statements.predicates import NAMESPACE
from sluicegate.audit.statements.sshsig import parse_signature
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    ReleaseRequested,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunResumed,
    RunStarted,
)
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import (
    AnswerAttested,
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldPlaced,
    HoldReleased,
    LeaseReleased,
    LeaseTaken,
    LogEvent,
    OverrideClosed,
    RequestAnswered,
    RetentionChanged,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import RolloutResult
from sluicegate.ports.clock import Clock

START = datetime(2026, 11, 22, tzinfo=UTC)

Step = tuple[str, int]
"""What happens, and to which of a few runs or environments."""

WORDS = (
    *("run", "end", "resume", "rollout", "arrive", "lease", "give back"),
    *("hold", "release", "longer", "statement", "snapshot"),
    *("ask", "enter", "answer", "attest", "lock", "unlock", "close"),
)


class Ticking(Clock):
    """A clock that goes on by *tick* whenever it is looked at."""

    def __init__(self, start: datetime = START, tick: timedelta | None = None) -> None:
        self.at = start
        self.tick = timedelta(minutes=1) if tick is None else tick

    @override
    def now(self) -> datetime:
        self.at += self.tick
        return self.at

    @override
    def monotonic_ms(self) -> int:
        return 0

    @override
    def sleep(self, seconds: float) -> None:
        pass


@dataclass
class World:
    """A log, and both ways of writing into it."""

    store: FakeStore
    log: AuditLog
    clock: Ticking
    recorder: LogRecorder
    seqs: dict[str, int] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        start: datetime = START,
        *,
        tick: timedelta | None = None,
        retention_days: int = 400,
        store: FakeStore | None = None,
    ) -> "World":
        """Begin a log at *start*."""
        store, clock = store or FakeStore(), Ticking(start, tick)
        envelope = LogEnvelope(
            "0" * 26, start, fakes_audit.FACTS.actor, fakes_audit.FACTS.tool
        )
        with store.exclusive():
            log = AuditLog.create(
                store, FakeSigner(), retention_days=retention_days, envelope=envelope
            )
        recorder = LogRecorder(log, clock, event_ids(), FACTS.actor, FACTS.tool)
        return cls(store, log, clock, recorder)

    def beside(self) -> LogRecorder:
        """Another process that records in the same log."""
        log = AuditLog(self.store, FakeSigner())
        return LogRecorder(
            log, self.clock, self.recorder.new_event_id, FACTS.actor, FACTS.tool
        )

    def record(self, *events: LogEvent, statement: Digest | None = None) -> int:
        """Record *events* of the log, in one batch."""
        return self.recorder.record(*events, statement=statement)

    def append(self, run_id: str, *events: Event) -> None:
        """Record *events* of a run, in one batch."""
        self.log.append([self._encode(run_id, event) for event in events])

    def append_runs(self, runs: Sequence[tuple[str, Sequence[Event]]]) -> None:
        """Record the events of *runs*, all in one batch."""
        entries = [
            self._encode(run_id, event) for run_id, events in runs for event in events
        ]
        self.log.append(entries)

    def fill(self, stop: int) -> None:
        """Append entries until there are *stop*."""
        count = stop - self.log.head().size
        self.record(*[LeaseTaken("filler", "F", START)] * count)

    def _encode(self, run_id: str, event: Event) -> bytes:
        seq = self.seqs.get(run_id, 0)
        self.seqs[run_id] = seq + 1
        envelope = Envelope(
            event_id=self.recorder.new_event_id(),
            run_id=run_id,
            seq=seq,
            recorded_ts=self.clock.now(),
            source=FACTS.source,
            actor=FACTS.actor,
            tool=FACTS.tool,
        )
        return encode(envelope, event)


def started(definition: bytes = b"", *, dirty: bool = False) -> RunStarted:
    """What a run begins with."""
    return RunStarted(
        "churn_release_v1.0", Digest.of(definition), "a" * 40, "main", dirty, (), START
    )


def finished() -> RunFinished:
    """What a run ends with."""
    return RunFinished(Outcome.OPEN, "done", START, START, 0)


def fold(log: AuditLog) -> LogState:
    """The state, of all that can be read, without any snapshot."""
    state = Fold()
    for index, entry in read_entries(log):
        state.add(index, entry)
    return state.state


def histories(longest: int = 40) -> st.SearchStrategy[list[Step]]:
    """What may happen to a log, as steps that `play` acts out."""
    step = st.tuples(st.sampled_from(WORDS), st.integers(0, 3))
    return st.lists(step, max_size=longest)


def play(world: World, history: Sequence[Step]) -> None:
    """Let *history* happen; what cannot happen now does not."""
    for word, number in history:
        if word in {*_OF_RUNS, "ask", "enter"}:
            _play_run(world, word, f"R{number}", number)
        else:
            _OF_LOGS[word](world, number)


def _play_run(world: World, word: str, run_id: str, number: int) -> None:
    if word == "run":
        if run_id not in world.seqs:
            world.append(run_id, started(bytes([number]), dirty=number == 1))
    elif run_id in world.seqs and word == "ask":
        _ask(world, run_id, number)
    elif run_id in world.seqs and word == "enter":
        _enter(world, run_id, number)
    elif run_id in world.seqs:
        world.append(run_id, _OF_RUNS[word](number))


def _roll_out(number: int) -> Event:
    stable = release("v1") if number % 2 else None
    return RolloutStarted("canary", f"env{number}", release("v2"), stable, START)


def _arrive(number: int) -> Event:
    results = (RolloutResult.PROMOTED, RolloutResult.ROLLED_BACK)
    return RolloutFinished("canary", results[number % 2], "", START)


def _give_back(world: World, number: int) -> None:
    lease = read_state(world.log).leases.get(f"env{number}")
    fence = 0 if lease is None else lease.fence
    world.record(LeaseReleased(f"env{number}", f"R{number}", fence))


def _hold(world: World, number: int) -> None:
    before = read_state(world.log).holds.keys()
    world.record(HoldPlaced(HoldScope(run_id=f"R{number}"), "case 12"))
    world.held += read_state(world.log).holds.keys() - before


def _release(world: World, _number: int) -> None:
    if world.held:
        world.record(HoldReleased(world.held.pop(), "over"))


def _lengthen(world: World, number: int) -> None:
    days = read_state(world.log).retention_days
    world.record(RetentionChanged(days + number, days))


def _ask(world: World, run_id: str, number: int) -> Digest:
    """Ask for a release, by a request that nobody has made before."""
    request = Digest.of(f"{run_id} {world.seqs[run_id]}".encode())
    asked = ReleaseRequested(
        "canary", f"env{number}", request, Digest.of(b"rules"), START, START
    )
    world.append(run_id, asked)
    return request


def _enter(world: World, run_id: str, number: int) -> None:
    entered = EnvironmentEntered(
        *("canary", f"env{number}", Digest.of(b"rules"), "main", "f" * 40, (), ()),
        override=number % 2 == 1,
        size=0,
        request=_ask(world, run_id, number),
    )
    world.append(run_id, entered)


def _answer(world: World, number: int) -> object:
    request = next(iter(read_state(world.log).requests), Digest.of(b"none"))
    return sign(world, RequestAnswered(request, f"env{number}", Answer.REJECT, "no"))


def _attest(world: World, number: int) -> None:
    """Two of them have the same place: it counts once."""
    request = next(iter(read_state(world.log).requests), Digest.of(b"none"))
    kept = Digest.of(bytes([number]))
    world.record(
        AnswerAttested(
            *(request, f"env{number}", Answer.APPROVE, "", Way.DISPATCH),
            *(f"run/{number // 2}", kept),
        )
    )


def _lock(world: World, number: int) -> None:
    world.record(EnvironmentLocked(f"env{number}", "migration"))


def _unlock(world: World, number: int) -> None:
    for lock in list(read_state(world.log).locks.values())[: number % 2]:
        world.record(EnvironmentUnlocked(lock.lock, lock.environment, "done"))


def _close(world: World, number: int) -> None:
    for each in list(read_state(world.log).overrides)[: number % 2]:
        world.record(OverrideClosed(each, "looked into"))


_OF_RUNS: dict[str, Callable[[int], Event]] = {
    "run": lambda _: started(),
    "end": lambda _: finished(),
    "resume": lambda _: RunResumed(),
    "rollout": _roll_out,
    "arrive": _arrive,
}


def _state(world: World, number: int) -> object:
    return sign(world, HoldReleased("none", ""), bytes([number]))


def sign(
    world: World, event: LogEvent, payload: bytes = b"", person: str = "ann"
) -> object:
    """Record *event* as what somebody without the log's key has signed."""
    payload = payload or repr(event).encode()
    signature = parse_signature(FakePerson(person).sign(payload, NAMESPACE))
    actor = Actor("user", signature.fingerprint)
    signed = Signed(event, actor, Digest.of(payload), signature.encoded)
    return world.recorder.record_signed(lambda _old: [signed])


_OF_LOGS: dict[str, Callable[[World, int], object]] = {
    "lease": lambda world, n: world.record(LeaseTaken(f"env{n}", f"R{n}", START)),
    "give back": _give_back,
    "hold": _hold,
    "release": _release,
    "longer": _lengthen,
    "statement": _state,
    "answer": _answer,
    "attest": _attest,
    "lock": _lock,
    "unlock": _unlock,
    "close": _close,
    "snapshot": lambda world, _: write_snapshot(world.recorder, always=True),
}
