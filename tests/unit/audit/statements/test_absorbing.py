import json
from datetime import timedelta

import pytest
from fakes import START, FakeClock, FakeEvidence
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids
from fakes_inbox import FakeChecker, FakeInbox, FakePerson
from typing_extensions import override

from sluicegate.audit.history import read_entries
from sluicegate.audit.holds import place_hold
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.absorbing import Absorber, Outcome
from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.audit.statements.predicates import (
    NAMESPACE,
    HoldPlacing,
    HoldReleasing,
    Predicate,
)
from sluicegate.audit.statements.signed import MAX_FILE_BYTES, format_signed
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldPlaced, HoldReleased
from sluicegate.ports.inbox import Letter

ANN, MALLORY = FakePerson("ann"), FakePerson("mallory")
HOLD = HoldPlacing(HoldScope(), "case 7")


class World:
    """A log, an inbox, and any number of recorders."""

    def __init__(self) -> None:
        self.store = FakeStore()
        begin_log(self.store)
        self.clock = FakeClock()
        self.ids = event_ids()
        self.evidence = FakeEvidence()
        self.inbox = FakeInbox()
        self.allowed = ANN.line()

    def recorder(self) -> LogRecorder:
        log = AuditLog(self.store, FakeSigner())
        return LogRecorder(log, self.clock, self.ids, FACTS.actor, FACTS.tool)

    def absorb(self, *more: FakeInbox) -> list[Outcome]:
        signers = AllowedSigners(self.allowed, "allowed_signers@c0ffee")
        absorber = Absorber(
            self.recorder(), self.evidence, FakeChecker(), lambda: signers
        )
        return absorber.absorb([self.inbox, *more])

    def put(
        self,
        name: str,
        predicate: Predicate = HOLD,
        person: FakePerson = ANN,
        nonce: str = "0" * 32,
    ) -> bytes:
        """Leave a statement; its bytes."""
        payload = format_statement(
            Statement(
                FakeSigner().name, predicate, START, START + timedelta(days=1), nonce
            )
        )
        self.inbox.put(name, format_signed(payload, person.sign(payload, NAMESPACE)))
        return payload

    def entries(self) -> list[str]:
        """The types of the entries, after the first one."""
        log = AuditLog(self.store, FakeSigner())
        return [entry.kind for _, entry in read_entries(log, 1)]


def test_a_statement_becomes_an_entry_of_its_author_and_leaves_the_inbox() -> None:
    world = World()
    payload = world.put("hold-1")

    (outcome,) = world.absorb()

    assert outcome == Outcome(
        "hold-1", "", Digest.of(payload), HoldPlaced(HoldScope(), "case 7"), ["ann"]
    )
    assert world.inbox.held == {}
    assert world.evidence.kept == {Digest.of(payload): payload}
    entry = json.loads(AuditLog(world.store, FakeSigner()).entry(1))
    assert entry["type"] == "hold.placed"
    assert entry["statement"] == str(Digest.of(payload))
    assert entry["actor"]["id"].startswith("SHA256:")
    assert "ann" not in json.dumps(entry), "a name is personal data"
    armored = ANN.sign(payload, NAMESPACE)
    assert entry["signature"] == "".join(armored.splitlines()[1:-1])


def test_a_replay_is_cleared_away_and_recorded_no_second_time() -> None:
    world = World()
    payload = world.put("hold-1")
    world.absorb()
    world.put("hold-1")
    world.put("renamed")
    world.clock.sleep(timedelta(days=2).total_seconds())  # it has expired since
    world.allowed = ""  # and nobody counts any more

    outcomes = world.absorb()

    assert outcomes == [
        Outcome(name, "", Digest.of(payload)) for name in ("hold-1", "renamed")
    ]
    assert world.inbox.held == {}
    assert world.entries() == ["hold.placed"]


def test_the_same_statement_in_two_inboxes_is_recorded_once() -> None:
    world = World()
    world.put("hold-1")
    other = FakeInbox(dict(world.inbox.held))

    first, second = world.absorb(other)

    assert (first.event is None, second.event is None) == (False, True)
    assert world.entries() == ["hold.placed"]
    assert (world.inbox.held, other.held) == ({}, {})


def test_a_recorder_that_loses_the_race_records_nothing_twice() -> None:
    world = World()
    world.put("hold-1")
    letters = dict(world.inbox.held)
    world.store.races = 1

    def be_faster() -> None:
        world.absorb()
        world.inbox.held |= letters  # whoever was slower has read it already

    world.store.on_race = be_faster

    (outcome,) = world.absorb()

    assert outcome.event is None
    assert outcome.reason == ""
    assert world.entries() == ["hold.placed"]
    assert world.inbox.held == {}


def test_what_does_not_count_stays_with_a_reason_and_stops_nothing() -> None:
    world = World()
    world.put("a-mallory", person=MALLORY)
    world.inbox.put("b-junk", b"\x00" * 100)
    world.inbox.put("c-huge", b"x" * (MAX_FILE_BYTES + 1))
    payload = world.put("d-good")
    signed = world.inbox.held["d-good"]
    world.inbox.put("e-tampered", signed.replace(b"case 7", b"case 8"))
    world.put("f-release", HoldReleasing("0" * 26, "why not"), nonce="1" * 32)
    world.put("g-run", HoldPlacing(HoldScope.parse("run:01J"), "x"), nonce="2" * 32)
    world.put("h-range", HoldPlacing(HoldScope(last=99), "x"), nonce="3" * 32)
    world.put("i-secret", HoldPlacing(HoldScope(), "me@example.org"), nonce="4" * 32)
    broken = FakeInbox(broken=True)

    reasons = {one.place: one.reason for one in world.absorb(broken)}

    fingerprint = "SHA256:"
    assert reasons.pop("a-mallory").startswith(fingerprint)
    assert reasons.pop("b-junk").startswith("not canonical JSON")
    assert reasons == {
        "c-huge": f"larger than {MAX_FILE_BYTES} bytes",
        "d-good": "",
        "e-tampered": "its signature does not hold: incorrect signature",
        "f-release": f"no hold {'0' * 26} is in force",
        "g-run": "the log holds no run 01J",
        "h-range": "the log has 1 entries, the last of them 0: entries:0-99 reaches"
        " beyond it",
        "i-secret": "its reason holds what must not be kept: a credential, an address",
        "the inbox": "the inbox cannot be looked into",
    }
    assert world.entries() == ["hold.placed"]
    assert Digest.of(payload) in world.evidence.kept
    assert sorted(world.inbox.held) == [
        *("a-mallory", "b-junk", "c-huge", "e-tampered", "f-release", "g-run"),
        *("h-range", "i-secret"),
    ]


def test_a_hold_is_released_once_by_whoever_comes_first() -> None:
    world = World()
    hold = place_hold(world.recorder(), HoldScope(), "case 7").hold
    world.put("a", HoldReleasing(hold, "over"), nonce="1" * 32)
    world.put("b", HoldReleasing(hold, "also over"), nonce="2" * 32)

    first, second = world.absorb()

    assert first.event == HoldReleased(hold, "over")
    assert second.reason == f"no hold {hold} is in force"
    assert read_state(world.recorder().log).holds == {}


class StuckInbox(FakeInbox):
    """It can be looked into, and not be cleared."""

    @override
    def remove(self, letter: Letter) -> None:
        raise PermanentError("the inbox cannot be cleared")


def test_what_cannot_be_cleared_away_is_cleared_by_the_next_recorder() -> None:
    world = World()
    world.put("hold-1")
    world.inbox = StuckInbox(world.inbox.held)
    (outcome,) = world.absorb()
    assert outcome.event is not None
    assert list(world.inbox.held) == ["hold-1"]

    world.inbox = FakeInbox(world.inbox.held)
    (again,) = world.absorb()

    assert (again.event, again.reason) == (None, "")
    assert world.inbox.held == {}
    assert world.entries() == ["hold.placed"]


def test_a_log_that_cannot_be_written_leaves_the_statement_where_it_is() -> None:
    world = World()
    world.put("hold-1")
    world.store.fail_at = len(world.store.written)

    with pytest.raises(PermanentError):
        world.absorb()

    assert list(world.inbox.held) == ["hold-1"]
    (outcome,) = world.absorb()
    assert outcome.event is not None
