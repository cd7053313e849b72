"""Unit tests of `sluicegate.audit.recorder` and `sluicegate.audit.history`."""

from dataclasses import replace

import pytest
from fakes import FakeClock
from fakes_audit import FACTS, FakeJournal, FakeSigner, FakeStore, begin_log, event_ids

from sluicegate.audit.history import history, newest_runs, read_run, runs
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import decode
from sluicegate.audit.recorder import Recorder
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    PlannedStage,
    RunFinished,
    RunResumed,
    RunStarted,
    StageSkipped,
)

CLOCK = FakeClock()
STARTED = RunStarted(
    pipeline="p",
    definition=Digest.of(b""),
    commit="a" * 40,
    branch="main",
    dirty=False,
    stages=(),
    start_ts=CLOCK.now(),
)
FINISHED = RunFinished(Outcome.OPEN, "all open", CLOCK.now(), CLOCK.now(), 1)
IDS = event_ids()
TOKEN = "ghp_" + "a1B2" * 9


def skipped(reason: str) -> Event:
    return StageSkipped("canary", reason)


class Machine:
    """A log, and journals by run; a recorder is a process."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.journals: dict[str, FakeJournal] = {}
        begin_log(self.store)

    @property
    def log(self) -> AuditLog:
        return AuditLog(self.store, FakeSigner())

    def journal(self, run_id: str = "R1") -> FakeJournal:
        return self.journals.setdefault(run_id, FakeJournal())

    def recorder(self, run_id: str = "R1") -> Recorder:
        return Recorder(
            self.log,
            self.journal(run_id),
            run_id,
            clock=CLOCK,
            new_event_id=IDS,
            facts=FACTS,
        )

    def history(self, run_id: str = "R1") -> list[Event]:
        return history(self.log, self.journal(run_id), run_id)


def test_what_was_noted_is_committed_with_what_is_recorded() -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.note(STARTED)
    recorder.note(skipped("a"))
    assert machine.log.head().size == 1
    recorder.record(skipped("b"))

    assert machine.log.head().size == 4
    assert machine.journal().entries == []
    envelopes = [decode(entry)[0] for _, entry in machine.log.entries(1)]
    assert [envelope.seq for envelope in envelopes] == [0, 1, 2]
    assert {envelope.run_id for envelope in envelopes} == {"R1"}
    assert machine.history() == [STARTED, skipped("a"), skipped("b")]


def test_history_knows_what_only_the_journal_holds() -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.record(STARTED)
    recorder.note(skipped("a"))

    assert machine.history() == [STARTED, skipped("a")]
    assert machine.history("R2") == []


def test_a_commit_of_nothing_writes_nothing() -> None:
    machine = Machine()
    machine.recorder().commit()

    assert machine.log.head().size == 1


def test_another_process_goes_on_where_one_died() -> None:
    machine = Machine()
    first = machine.recorder()
    first.record(STARTED)
    first.note(skipped("a"))
    second = machine.recorder()

    assert second.recover() == 1
    second.record(RunResumed())

    assert machine.history() == [STARTED, skipped("a"), RunResumed()]
    assert machine.recorder().recover() == 0


def test_what_was_committed_before_the_journal_was_cleared_is_not_doubled() -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.note(STARTED)
    recorder.note(skipped("a"))
    kept = machine.journal().read()
    recorder.commit()
    machine.journal().entries = kept  # as a crash between the two leaves it

    second = machine.recorder()
    assert second.recover() == 0
    second.record(RunResumed())

    assert machine.history() == [STARTED, skipped("a"), RunResumed()]
    assert machine.log.head().size == 4


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("lost_reply", [False, True])
def test_a_failed_commit_is_finished_by_the_next_whatever_became_of_it(
    at: int, *, lost_reply: bool
) -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.record(STARTED)
    machine.store.written.clear()
    machine.store.fail_at, machine.store.lost_reply = at, lost_reply
    with pytest.raises(ExternalError):
        recorder.record(skipped("a"))
    machine.store.fail_at = None

    recorder.record(skipped("b"))

    assert machine.history() == [STARTED, skipped("a"), skipped("b")]
    assert machine.log.head().size == 4


def test_a_run_that_another_process_carries_on_is_left_alone() -> None:
    machine = Machine()
    machine.recorder().note(STARTED)
    machine.journal().held_elsewhere = True

    with pytest.raises(UsageError, match="another process"):
        machine.recorder().recover()
    assert machine.log.head().size == 1


def test_the_journal_of_another_run_is_refused() -> None:
    machine = Machine()
    machine.recorder("R2").note(STARTED)
    machine.journals["R1"] = machine.journals["R2"]

    with pytest.raises(IntegrityError, match="event 0 of run R1 is missing"):
        machine.recorder("R1").recover()


def test_an_event_missing_between_log_and_journal_is_noticed() -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.record(STARTED)
    recorder.note(skipped("a"))
    recorder.note(skipped("b"))
    del machine.journal().entries[0]

    with pytest.raises(IntegrityError, match="event 1 of run R1 is missing"):
        read_run(machine.log, machine.journal(), "R1")


def test_an_event_that_is_too_long_is_refused_before_it_is_noted() -> None:
    machine = Machine()
    recorder = machine.recorder()
    many = tuple(PlannedStage(f"s{number}", "ruff", ()) for number in range(1000))
    with pytest.raises(UsageError, match=r"takes \d{5} bytes; the log takes 32768"):
        recorder.note(replace(STARTED, stages=many))
    recorder.record(STARTED)

    assert machine.history() == [STARTED]


def test_a_huge_reason_is_cut_and_what_is_kept_is_told() -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.record(STARTED)

    kept = recorder.note(skipped("x" * 1_000_000))

    assert isinstance(kept, StageSkipped)
    assert len(kept.reason) < 32_768
    assert kept.reason.endswith(f" [cut: {1_000_000 - kept.reason.index('…')}]")
    assert machine.history() == [STARTED, kept]


def test_what_is_secret_never_reaches_journal_or_log() -> None:
    machine = Machine()
    recorder = machine.recorder()
    recorder.record(replace(STARTED, branch=f"feature/{TOKEN}"))
    recorder.note(skipped(f"test_it[{TOKEN}] failed"))

    assert TOKEN.encode() not in b"".join(machine.journal().read())
    recorder.commit()
    assert [TOKEN in repr(event) for event in machine.history()] == [False, False]
    assert [getattr(e, "reason", e) for e in machine.history()[1:]] == [
        "test_it[[redacted]] failed"
    ]


def test_an_event_that_says_nothing_secret_is_kept_as_it_is() -> None:
    event = skipped("lint is closed")

    assert Machine().recorder().note(event) is event


def test_runs_are_listed_oldest_first_with_their_ends() -> None:
    machine = Machine()
    for run_id in ("R1", "R2", "R3"):
        machine.recorder(run_id).record(STARTED)
    for run_id, event in (
        ("R1", FINISHED),
        ("R3", FINISHED),
        ("R3", RunResumed()),
    ):
        recorder = machine.recorder(run_id)
        recorder.recover()
        recorder.record(event)

    found = runs(machine.log)

    assert [run.run_id for run in found] == ["R1", "R2", "R3"]
    assert [run.finished for run in found] == [FINISHED, None, None]
    assert {run.started for run in found} == {STARTED}


def test_an_entry_of_a_run_that_is_no_event_names_its_place() -> None:
    machine = Machine()
    machine.log.append([b'{"run_id":"R1","type":"run.started"}'])

    with pytest.raises(IntegrityError, match="entry 1: not an entry of schema"):
        runs(machine.log)
    with pytest.raises(IntegrityError, match="entry 1: not an entry of schema"):
        machine.history()


def test_the_newest_run_is_known_without_looking_at_older_entries() -> None:
    machine = Machine()
    machine.log.append([b"{}"] * 600)
    machine.recorder("R1").record(STARTED)
    del machine.store.objects["tile/entries/000"], machine.store.objects["tile/0/000"]

    assert next(newest_runs(machine.log)).run_id == "R1"
    assert machine.history("R1") == [STARTED]


def test_a_run_whose_first_events_are_missing_is_no_run() -> None:
    machine = Machine()
    recorder = machine.recorder("R1")
    recorder.record(STARTED)
    recorder.record(skipped("a"))
    *_, (_, cut) = machine.log.entries()
    other = Machine()
    other.log.append([cut])

    with pytest.raises(IntegrityError, match="event 0 of run R1 is missing"):
        other.history("R1")
