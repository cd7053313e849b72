"""Unit tests of `sluicegate.audit.accounts` and `sluicegate.audit.admission`."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes_audit import FACTS, FakeJournal, FakeSigner, FakeStore, begin_log, event_ids
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sluicegate.audit.accounts import LoggedAccounts
from sluicegate.audit.admission import Admission
from sluicegate.audit.history import history
from sluicegate.audit.log import AuditLog
from sluicegate.audit.recorder import Recorder
from sluicegate.model.budget import Budgets, Period
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    GpuReserved,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.resources import Resources
from sluicegate.ports.clock import Clock

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY, WEEK = Period.DAY, Period.WEEK
MINUTE = 60_000
IDS = event_ids()


@dataclass
class SetClock(Clock):
    """A clock that stands at *at*."""

    at: datetime = MONDAY

    @override
    def now(self) -> datetime:
        return self.at

    @override
    def monotonic_ms(self) -> int:
        return 0

    @override
    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def started(at: datetime = MONDAY, *, rollback: str | None = None) -> RunStarted:
    return RunStarted(
        *("p", Digest.of(b""), "a" * 40, "main"),
        dirty=False,
        stages=(),
        start_ts=at,
        rollback=rollback,
    )


def finished(minutes: int, gpu: int = 1, cached: str | None = None) -> StageFinished:
    return StageFinished(
        *("train", 1, Outcome.BROKEN, "ended", None, Evidence(), (), ()),
        ResourceUsage(minutes * MINUTE),
        MONDAY,
        MONDAY,
        cached=cached,
        declared=Resources(gpu) if gpu else None,
    )


@dataclass
class Machine:
    """A log in memory that runs write to, each with a journal of its own."""

    budgets: Budgets = field(default_factory=Budgets)
    clock: SetClock = field(default_factory=SetClock)
    store: FakeStore = field(default_factory=FakeStore)
    journals: dict[str, FakeJournal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        begin_log(self.store)

    @property
    def log(self) -> AuditLog:
        return AuditLog(self.store, FakeSigner())

    def recorder(self, run_id: str) -> Recorder:
        accounts = LoggedAccounts(self.log, self.budgets)
        admission = Admission(self.budgets, accounts, self.clock)
        return Recorder(
            self.log,
            self.journals.setdefault(run_id, FakeJournal()),
            run_id,
            clock=self.clock,
            new_event_id=IDS,
            facts=replace(FACTS, admission=admission),
        )

    def head(self) -> int:
        return self.log.head().size

    def used(self, period: Period) -> tuple[int, float, float]:
        """Runs, GPU-minutes used, GPU-minutes reserved."""
        every = Budgets(dict.fromkeys(Period, 1))
        found = LoggedAccounts(self.log, every).used(self.clock.at, self.head())[period]
        return found.runs, found.gpu_ms / MINUTE, found.reserved_ms / MINUTE

    def happen(self, recorder: Recorder, *events: Event) -> list[Event]:
        return [recorder.record(event) for event in events]


def begin(machine: Machine, run_id: str, gpu: int = 2, minutes: int = 30) -> Recorder:
    """A run with a stage under way that has reserved GPUs."""
    recorder = machine.recorder(run_id)
    reserved = GpuReserved("train", gpu, minutes * MINUTE)
    machine.happen(
        recorder, started(), StageStarted("train", 1, machine.clock.at), reserved
    )
    return recorder


def test_an_attempt_uses_its_time_times_its_gpus() -> None:
    machine = Machine()
    recorder = begin(machine, "R1")
    assert machine.used(DAY) == (1, 0, 60)

    machine.happen(recorder, finished(7, gpu=2))

    assert machine.used(DAY) == (1, 14, 0)


def test_what_was_cached_or_declares_no_gpu_uses_none() -> None:
    machine = Machine()
    machine.happen(machine.recorder("R1"), started(), finished(7, gpu=0))

    assert machine.used(DAY) == (1, 0, 0)


@pytest.mark.parametrize("end", [RunInterrupted("train"), RunResumed()])
def test_an_attempt_that_was_cut_off_has_used_at_most_the_time_until_then(
    end: Event,
) -> None:
    machine = Machine()
    recorder = begin(machine, "R1")
    machine.clock.at += timedelta(minutes=10)

    machine.happen(recorder, end)

    assert machine.used(DAY) == (1, 20, 0)


def test_a_run_that_was_killed_has_used_what_it_had_reserved() -> None:
    machine = Machine()
    begin(machine, "R1")
    machine.clock.at += timedelta(minutes=29)
    assert machine.used(DAY) == (1, 0, 60)

    machine.clock.at += timedelta(minutes=1)

    assert machine.used(DAY) == (1, 60, 0)
    machine.clock.at += timedelta(days=1)
    assert machine.used(DAY) == (0, 0, 0)
    assert machine.used(WEEK) == (1, 60, 0)


def test_a_reservation_lasts_into_the_next_day() -> None:
    machine = Machine(clock=SetClock(MONDAY - timedelta(minutes=10)))
    recorder = begin(machine, "R1")

    machine.clock.at = MONDAY + timedelta(minutes=5)

    assert machine.used(DAY) == (0, 0, 60)
    machine.happen(recorder, finished(15, gpu=2))
    assert machine.used(DAY) == (0, 30, 0)


def test_going_back_to_an_earlier_release_is_let_through_and_counts_nothing() -> None:
    machine = Machine(Budgets(runs={DAY: 1}))
    machine.happen(machine.recorder("R1"), started())

    (kept,) = machine.happen(machine.recorder("R2"), started(rollback="R0"))

    assert isinstance(kept, RunStarted)
    assert kept.over_budget is None
    assert machine.used(DAY)[0] == 1


def test_a_run_that_was_refused_counts_nothing_and_is_in_the_log() -> None:
    machine = Machine(Budgets(runs={DAY: 1, WEEK: 2}))
    machine.happen(machine.recorder("R1"), started())

    (kept,) = machine.happen(machine.recorder("R2"), started())

    assert isinstance(kept, RunStarted)
    assert kept.over_budget is not None
    assert kept.over_budget.verdict is Verdict.CLOSED
    assert history(machine.log, FakeJournal(), "R2") == [kept]
    machine.clock.at += timedelta(days=1)
    assert machine.used(WEEK)[0] == 1
    assert machine.happen(machine.recorder("R3"), started()) == [started()]


def test_what_was_noted_is_committed_before_what_is_decided() -> None:
    machine = Machine(Budgets(gpu_minutes={DAY: 1}))
    recorder = machine.recorder("R1")
    events: list[Event] = [
        started(),
        StageStarted("train", 1, MONDAY),
        GpuReserved("train", 1, MINUTE),
    ]
    for event in events:
        recorder.note(event)

    assert history(machine.log, FakeJournal(), "R1") == events
    assert machine.journals["R1"].entries == []
    recorder.record(finished(1))
    assert len(history(machine.log, FakeJournal(), "R1")) == 4


def test_of_two_runs_that_race_for_the_last_slot_one_gets_it() -> None:
    machine = Machine(Budgets(runs={DAY: 1}))
    slow, faster = machine.recorder("R1"), machine.recorder("R2")
    machine.store.races = 1
    machine.store.on_race = lambda: faster.record(started())

    (kept,) = machine.happen(slow, started())

    assert isinstance(kept, RunStarted)
    assert kept.over_budget is not None
    assert machine.used(DAY)[0] == 1
    (other,) = history(machine.log, FakeJournal(), "R2")
    assert other == started()


def test_the_second_of_two_stages_waits_for_what_the_first_may_use() -> None:
    machine = Machine(Budgets(gpu_minutes={DAY: 60}))
    begin(machine, "R1")
    second = machine.recorder("R2")
    machine.happen(second, started(), StageStarted("train", 1, MONDAY))

    (kept,) = machine.happen(second, GpuReserved("train", 1, MINUTE))

    assert isinstance(kept, GpuReserved)
    assert kept.refused is not None
    assert kept.refused.verdict is Verdict.PENDING


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "end", "cut", "wait", "refused"]),
        st.integers(0, 2),
        st.integers(1, 3),
        st.integers(1, 900),
    ),
    max_size=25,
)


@given(STEPS)
def test_accounts_agree_with_a_slow_count_and_however_they_are_read(
    steps: list[tuple[str, int, int, int]],
) -> None:
    """The oracle keeps a list of what every attempt used, and when."""
    machine = Machine(clock=SetClock(MONDAY + timedelta(days=2)))
    grown = LoggedAccounts(machine.log, Budgets(dict.fromkeys(Period, 1)))
    runs: list[datetime] = []
    used: list[tuple[datetime, int]] = []
    under_way: dict[int, tuple[Recorder, datetime, int, int]] = {}
    for number, (word, place, gpu, minutes) in enumerate(steps):
        now = machine.clock.at
        if word == "wait":
            machine.clock.at += timedelta(minutes=minutes)
        elif word == "refused":
            recorder = machine.recorder(f"R{number}")
            machine.happen(recorder, started(rollback="R"), finished(minutes, 0))
        elif word == "begin" and place not in under_way:
            recorder = begin(machine, f"R{number}", gpu, minutes)
            runs.append(now)
            under_way[place] = (recorder, now, gpu, minutes)
        elif word == "end" and place in under_way:
            recorder, *_ = under_way.pop(place)
            machine.happen(recorder, finished(minutes, gpu))
            used.append((now, gpu * minutes))
        elif word == "cut" and place in under_way:
            recorder, since, gpus, most = under_way.pop(place)
            machine.happen(recorder, RunInterrupted(None))
            passed = min(now - since, timedelta(minutes=most))
            used.append((since + passed, gpus * (passed // timedelta(minutes=1))))
        grown.used(machine.clock.at, machine.head())
    now = machine.clock.at
    ends = [
        (since + timedelta(minutes=most), gpus * most)
        for _, since, gpus, most in under_way.values()
    ]
    used += [(end, amount) for end, amount in ends if end <= now]
    for period in Period:
        start = period.start(now)
        expected: tuple[int, float, float] = (
            sum(at >= start for at in runs),
            sum(amount for at, amount in used if at >= start),
            sum(amount for end, amount in ends if end > now),
        )
        assert machine.used(period) == expected
        again = grown.used(now, machine.head())[period]
        assert (again.runs, again.gpu_ms, again.reserved_ms) == (
            expected[0],
            expected[1] * MINUTE,
            expected[2] * MINUTE,
        )
