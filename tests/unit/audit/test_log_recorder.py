"""Unit tests of `sluicegate.audit.log_recorder`."""

from collections.abc import Sequence

import pytest
from fakes import FakeClock
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids

from sluicegate.audit.envelope import Actor, LogEnvelope
from sluicegate.audit.history import read_entries
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.record import Entry
from sluicegate.audit.redaction import Redactor
from sluicegate.errors import UsageError
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldPlaced, RetentionChanged, StateSnapshot

TOKEN = "ghp_" + "a1B2" * 9


def begin() -> LogRecorder:
    store = FakeStore()
    begin_log(store)
    return LogRecorder(
        AuditLog(store, FakeSigner()),
        FakeClock(),
        event_ids(),
        FACTS.actor,
        FACTS.tool,
        "ab" * 16,
        Redactor(home="/home/jane"),
    )


def entries(recorder: LogRecorder) -> Sequence[Entry]:
    return [entry for _, entry in read_entries(recorder.log)][1:]


def test_events_are_committed_together_with_who_and_where() -> None:
    recorder = begin()

    first = recorder.record(RetentionChanged(500, 400), RetentionChanged(600, 500))

    assert first == 1
    found = entries(recorder)
    assert [entry.event for entry in found] == [
        RetentionChanged(500, 400),
        RetentionChanged(600, 500),
    ]
    for entry in found:
        assert isinstance(entry.envelope, LogEnvelope)
        assert entry.envelope.actor == FACTS.actor
        assert entry.envelope.machine == "ab" * 16


def test_somebody_else_can_have_done_it() -> None:
    recorder = begin()
    other = Actor("user", "SHA256:abc", issuer="allowed_signers@1234")

    recorder.record(RetentionChanged(500, 400), actor=other)

    assert entries(recorder)[0].envelope.actor == other


def test_a_reason_is_redacted_and_cut() -> None:
    recorder = begin()
    everything = HoldScope()

    recorder.record(HoldPlaced(everything, f"{TOKEN} in /home/jane/x"))
    recorder.record(HoldPlaced(everything, "x" * 100_000))

    first, second = (entry.event for entry in entries(recorder))
    assert first == HoldPlaced(everything, "[redacted] in ~/x")
    assert isinstance(second, HoldPlaced)
    assert " [cut: " in second.reason


def test_a_snapshot_repeats_the_log_to_the_letter() -> None:
    # What is a secret today may stand in an old entry: then it is there already, and
    # a snapshot that said something else would look like tampering.
    recorder = begin()
    snapshot = StateSnapshot(1, 0, 1, (f"password={TOKEN}",))

    recorder.record(snapshot)

    assert entries(recorder)[0].event == snapshot


def test_what_cannot_be_cut_is_refused_whole() -> None:
    recorder = begin()
    many = StateSnapshot(1, 0, 1, tuple(f"kind-{number}" for number in range(9000)))

    with pytest.raises(UsageError, match="the log takes 32768"):
        recorder.record(RetentionChanged(500, 400), many)

    assert entries(recorder) == []
