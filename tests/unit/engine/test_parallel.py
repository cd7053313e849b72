"""Branches side by side, retries, conditions and interruptions, through the runner."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from fakes import FakeProcess, FakeRecord, exited
from run_world import World, outcome, pipeline, stage
from typing_extensions import override

from sluicegate.engine.machine import fold
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    Event,
    RunInterrupted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.ports.process import OnLine

PATIENCE = 30  # seconds until a test that hangs fails


@dataclass
class Meeting(FakeProcess):
    """Programs that end only once *together* of them run at the same time."""

    together: int = 2
    most: int = 0
    running: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        if command.argv[0] != "after":
            with self.changed:
                self.running += 1
                self.most = max(self.most, self.running)
                self.changed.notify_all()
                met = self.changed.wait_for(
                    lambda: self.most >= self.together, PATIENCE
                )
                assert met, "the stages did not run side by side"
                self.running -= 1
        return super().run(command, on_line)


@dataclass
class Counting(FakeProcess):
    """Counts how many programs run at once; each waits until no more come."""

    running: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        result = super().run(command, on_line)
        with self.lock:
            self.running -= 1
        return result


def test_branches_that_do_not_need_each_other_run_at_once() -> None:
    what = pipeline(stage("a"), stage("b"), stage("c", "a", "b"))
    world = World(what, jobs=2)
    world.fakes.process = Meeting()

    run = world.start()  # the last stage runs alone: the meeting was held by then

    assert outcome(run) is Outcome.OPEN
    assert world.programs()[-1] == "c"
    assert fold("R", world.record.log) == run


@pytest.mark.parametrize(("jobs", "pools"), [(1, {}), (4, {"gpu": 1})])
def test_no_more_run_at_once_than_jobs_and_pools_allow(
    jobs: int, pools: dict[str, int]
) -> None:
    stages = [stage(name, pools=dict.fromkeys(pools, 1)) for name in "abcdef"]
    world = World(pipeline(*stages, **pools), jobs=jobs)
    process = Counting()
    world.fakes.process = process

    assert outcome(world.start()) is Outcome.OPEN
    assert process.most == 1


@pytest.mark.parametrize("broken", range(5))
def test_what_is_broken_is_tried_again_as_often_as_asked_and_waits_longer_each_time(
    broken: int,
) -> None:
    what = pipeline(stage("a", retries={"count": 3, "backoff": "10s"}))
    world = World(what)
    process = Failing(times=broken)
    world.fakes.process = process

    run = world.start()

    tried = min(broken, 3) + 1
    assert outcome(run) is (Outcome.OPEN if broken <= 3 else Outcome.BROKEN)
    assert process.programs() == ["a"] * tried
    assert world.fakes.clock.elapsed_ms == sum([10_000, 20_000, 40_000][: tried - 1])
    assert run.stage("a").attempt == tried


@dataclass
class Failing(FakeProcess):
    """Crashes so many times, then goes well."""

    times: int = 0

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        crashed = len(self.programs()) < self.times
        self.answers["a"] = exited(2 if crashed else 0)
        return super().run(command, on_line)

    def programs(self) -> list[str]:
        return [c.argv[0] for c in self.ran if c.argv[0] != "after"]


def test_a_closed_gate_is_never_tried_again() -> None:
    world = World(pipeline(stage("a", retries={"count": 3})))
    world.fakes.process.answers["a"] = exited(0, b"a line too many\n")

    assert outcome(world.start()) is Outcome.CLOSED
    assert world.programs() == ["a"]


def test_a_run_that_was_resumed_has_all_its_retries_again() -> None:
    world = World(pipeline(stage("a", retries={"count": 1})))
    world.fakes.process.answers["a"] = exited(2)

    world.start()
    run = world.resume()

    assert world.programs() == ["a"] * 4
    assert run.stage("a").attempt == 4


def test_a_stage_whose_condition_does_not_hold_is_left_out_and_what_needs_it() -> None:
    what = pipeline(
        stage("a"), stage("b", "a", when='git.branch == "other"'), stage("c", "b")
    )
    world = World(what)

    run = world.start()

    skipped = [e for e in world.record.log if isinstance(e, StageSkipped)]
    assert outcome(run) is Outcome.OPEN
    assert run.finished is not None
    assert run.finished.reason == "one gate is open; not run: b, c"
    assert [each.stage for each in skipped] == ["b", "c"]
    assert skipped[0].condition == 'git.branch == "other"'
    assert skipped[0].reason == 'when: git.branch == "other": it is "main"'
    assert world.programs() == ["a"]


def test_a_run_all_of_whose_stages_are_left_out_is_not_open() -> None:
    world = World(pipeline(stage("a", when='label.os == "linux"')))

    assert outcome(world.start()) is Outcome.CLOSED


def test_an_interruption_ends_every_stage_and_is_recorded_once() -> None:
    what = pipeline(stage("a"), stage("b"), stage("c", "a", "b"))
    world = World(what, jobs=2)
    process = Meeting(answers={"a": Interrupted("stop"), "b": Interrupted("stop")})
    world.fakes.process = process

    with pytest.raises(Interrupted):
        world.start()

    interrupted = [e for e in world.record.log if isinstance(e, RunInterrupted)]
    assert interrupted == [RunInterrupted(None)]
    assert not world.record.journal
    process.answers.clear()
    assert outcome(world.resume()) is Outcome.OPEN


def test_what_another_stage_found_before_the_end_is_kept_on_an_interruption() -> None:
    what = pipeline(stage("a"), stage("b"), stage("c", "a", "b"))
    world = World(what, jobs=2)
    process = Meeting(answers={"b": Interrupted("stop")})
    world.fakes.process = process

    with pytest.raises(Interrupted):
        world.start()

    process.answers.clear()
    process.ran.clear()
    assert outcome(world.resume()) is Outcome.OPEN
    assert "a" not in [command.argv[0] for command in process.ran]


@dataclass
class FailingOnce(FakeRecord):
    """Breaks at the first event that *fails* says."""

    fails: Callable[[Event], bool] = lambda _event: False
    broken: bool = False

    @override
    def record(self, event: Event) -> Event:
        if not self.broken and self.fails(event):
            self.broken = True
            raise PermanentError("the disk is full")
        return super().record(event)


def test_a_log_that_fails_cancels_what_still_runs_and_starts_nothing() -> None:
    what = pipeline(stage("a"), stage("b"), stage("c", "a"), stage("d", "b"))
    world = World(what, jobs=2)
    world.fakes.process = Meeting()
    world.record = FailingOnce(fails=lambda event: isinstance(event, StageFinished))

    with pytest.raises(PermanentError, match="disk is full"):
        world.start()

    started = [e for e in world.record.all() if isinstance(e, StageStarted)]
    assert {event.stage for event in started} <= {"a", "b"}
    assert outcome(world.resume()) is Outcome.OPEN


def names(count: int) -> Iterator[str]:
    for index in range(count):
        yield f"s{index}"


def test_many_stages_at_once_give_one_record_without_gaps() -> None:
    many = [stage(name) for name in names(60)]
    last = stage("last", *names(60))
    world = World(pipeline(*many, last), jobs=8)

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert fold("R", world.record.log) == run
    assert len(world.record.log) == run.events
