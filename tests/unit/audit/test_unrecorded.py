"""Unit tests of `sluicegate.audit.unrecorded`: what a log would take, without one."""

from dataclasses import replace

import pytest
from fakes import FakeClock
from fakes_audit import FACTS, FakeJournal, FakeSigner, FakeStore, begin_log, event_ids

from sluicegate.audit.entry_writer import EntryWriter
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import decode
from sluicegate.audit.recorder import Recorder
from sluicegate.audit.unrecorded import Unrecorded
from sluicegate.errors import UsageError
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    Event,
    GpuReserved,
    RunFinished,
    RunStarted,
    StageSkipped,
    StageStarted,
)

CLOCK = FakeClock()
NOW = CLOCK.now()
TOKEN = "ghp_" + "a1B2" * 9
STARTED = RunStarted(
    pipeline="p_r_v1.0",
    definition=Digest.of(b""),
    commit="a" * 40,
    branch="main",
    dirty=False,
    stages=(),
    start_ts=NOW,
    labels={"os": "x"},
)
EVENTS: tuple[Event, ...] = (
    STARTED,
    StageStarted("train", 1, NOW),
    GpuReserved("train", 2, 1000),
    StageSkipped("canary", f"it said {TOKEN}"),
    RunFinished(Outcome.OPEN, "all open " * 5000, NOW, NOW, 1),
)


def writer() -> EntryWriter:
    return EntryWriter("R1", CLOCK, event_ids(), FACTS)


def test_every_event_is_what_it_would_be_in_a_log() -> None:
    begin_log(store := FakeStore())
    logged: list[bytes] = []
    unlogged: list[bytes] = []
    recorder = Recorder(
        AuditLog(store, FakeSigner()),
        FakeJournal(),
        "R1",
        clock=CLOCK,
        new_event_id=event_ids(),
        facts=FACTS,
        on_entry=logged.append,
    )
    unrecorded = Unrecorded(writer(), unlogged.append)

    for event in EVENTS:
        assert unrecorded.record(event) == recorder.record(event)

    assert unlogged == logged
    assert [decode(entry)[0].seq for entry in unlogged] == [0, 1, 2, 3, 4]
    assert TOKEN.encode() not in b"".join(unlogged)


def test_what_no_log_would_take_does_not_happen() -> None:
    seen: list[bytes] = []
    unrecorded = Unrecorded(writer(), seen.append)
    labels = {f"name{n}": "x" * 60 for n in range(900)}

    with pytest.raises(UsageError, match="the log takes"):
        unrecorded.note(replace(STARTED, labels=labels))

    assert seen == []


def test_whoever_has_a_say_in_it_is_asked() -> None:
    refused = ConditionResult("GPU-minutes per week <= 5", Verdict.CLOSED, "used up")

    def decide(event: Event) -> Event:
        if isinstance(event, GpuReserved):
            return replace(event, refused=refused)
        return event

    unrecorded = Unrecorded(writer(), lambda _entry: None, decide)
    unrecorded.note(EVENTS[1])

    kept = unrecorded.note(EVENTS[2])

    assert isinstance(kept, GpuReserved)
    assert kept.refused == refused
