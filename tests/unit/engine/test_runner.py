"""Unit tests of `sluicegate.engine.runner`, with every port in memory."""

from dataclasses import replace

import pytest
from fakes import exited
from run_world import FOUND, SOURCE, World, outcome, pipeline, stage

from sluicegate.engine.beginning import begin
from sluicegate.engine.judging import upstream_of
from sluicegate.engine.machine import fold
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import CommandResult
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import (
    RunInterrupted,
    RunResumed,
    StageFinished,
    StageStarted,
)
from sluicegate.model.run import Phase
from sluicegate.model.source import WorkTree

EVENTS = 6  # of a run of two stages that goes well


def test_open_gates_let_the_run_through_and_all_of_it_is_committed() -> None:
    world = World()

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert world.programs() == ["first", "second"]
    assert fold("R", world.record.log) == run
    assert world.observer.events == world.record.log


def test_a_closed_gate_stops_the_run_with_the_numbers_in_the_reason() -> None:
    world = World()
    world.fakes.process.answers["first"] = exited(0, b"a\nb\n")

    run = world.start()

    finished = run.stage("first").finished
    assert finished is not None
    assert finished.outcome is Outcome.CLOSED
    assert finished.reason.startswith("2 lines (")
    assert "first.lines == 0" in finished.reason
    assert finished.gate is not None
    assert finished.gate.verdict is Verdict.CLOSED
    assert world.programs() == ["first"]
    assert world.observer.found == [FOUND, FOUND]


def test_a_gate_may_judge_what_an_earlier_stage_found() -> None:
    what = pipeline(
        stage("first", gate="first.lines < 9"),
        stage("second", "first", gate="second.lines == 0 && first.lines == 1"),
    )
    world = World(what)
    world.fakes.process.answers["first"] = exited(0, b"a\n")

    assert outcome(world.start()) is Outcome.OPEN


@pytest.mark.parametrize(
    "answer",
    [exited(2), exited(0, timed_out=True), PermanentError("cannot start it")],
    ids=["crash", "timeout", "missing"],
)
def test_a_program_that_fails_is_no_judgement(
    answer: CommandResult | Exception,
) -> None:
    world = World()
    world.fakes.process.answers["first"] = answer

    run = world.start()

    finished = run.stage("first").finished
    assert outcome(run) is Outcome.BROKEN
    assert finished is not None
    assert finished.gate is None
    assert world.programs() == ["first"]


def test_what_a_program_took_counts_though_its_time_was_over() -> None:
    world = World()
    answer = exited(-15, timed_out=True)
    world.fakes.process.answers["first"] = answer

    finished = world.start().stage("first").finished

    assert finished is not None
    assert finished.usage.cpu_ms == answer.usage.cpu_ms
    assert finished.usage.max_rss_bytes == answer.usage.max_rss_bytes


def test_an_optional_step_runs_only_after_steps_that_went_well() -> None:
    world = World()
    world.fakes.process.answers["second"] = exited(2)

    world.start()

    ran = [command.argv[0] for command in world.fakes.process.ran]
    assert ran == ["first", "after", "second"]


def test_the_output_of_a_quiet_step_is_not_shown() -> None:
    world = World(pipeline(stage("first", gate="first.lines < 9")))
    world.fakes.process.answers["first"] = exited(0, b"for people\n")
    world.fakes.process.answers["after"] = exited(0, b"for machines\n")

    world.start()

    assert world.observer.lines == [("first", "for people")]


def test_a_tool_that_is_missing_breaks_the_stage_and_says_what_to_install() -> None:
    world = World()
    world.fakes.tools.missing = frozenset({"first"})

    run = world.start()

    finished = run.stage("first").finished
    assert finished is not None
    assert finished.reason == "first is not installed -- install first"
    assert world.programs() == []


def test_a_broken_stage_is_tried_again_on_resume_and_only_that() -> None:
    world = World()
    world.fakes.process.answers["second"] = exited(2)
    world.start()
    world.fakes.process.answers.clear()

    run = world.resume()

    assert outcome(run) is Outcome.OPEN
    assert world.programs() == ["first", "second", "second"]
    assert run.stage("second").attempt == 2


def test_an_interruption_is_recorded_and_the_run_goes_on_later() -> None:
    world = World()
    world.fakes.process.answers["second"] = Interrupted("asked to stop")
    with pytest.raises(Interrupted):
        world.start()
    assert world.record.log[-1] == RunInterrupted("second")
    world.fakes.process.answers.clear()

    run = world.resume()

    assert outcome(run) is Outcome.OPEN
    assert RunResumed() in world.record.log
    assert world.programs() == ["first", "second", "second"]


@pytest.mark.parametrize("fail_at", range(EVENTS + 1))
def test_a_run_whose_log_fails_anywhere_goes_on_and_ends_the_same(
    fail_at: int,
) -> None:
    world = World()
    world.record.fail_at = fail_at
    if fail_at < EVENTS:
        with pytest.raises(PermanentError, match="disk is full"):
            world.start()
    world.record.fail_at = None

    run = world.resume() if world.record.all() else world.start()

    assert outcome(run) is Outcome.OPEN
    assert fold("R", world.record.log) == run


def test_evidence_is_kept_by_digest_with_the_resources_and_tools_it_took() -> None:
    world = World()
    world.fakes.workspace.files["/output/first-1/report"] = b"all good"

    run = world.start()

    finished = run.stage("first").finished
    assert isinstance(finished, StageFinished)
    (file,) = finished.evidence.files
    assert world.fakes.evidence.load(file.digest) == b"all good"
    assert finished.usage.cpu_ms == 6  # of two steps
    assert finished.usage.max_rss_bytes == 1 << 20
    assert [tool.name for tool in finished.tools] == ["first"]


def test_evidence_that_the_log_cannot_take_opens_no_gate() -> None:
    world = World()
    whole = World().start().stage("first").finished
    world.record.most = len(repr(whole)) - 1

    run = world.start()

    finished = run.stage("first").finished
    assert outcome(run) is Outcome.BROKEN
    assert finished is not None
    assert finished.reason.startswith("its evidence cannot be recorded")
    assert world.programs() == ["first"]


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (
            WorkTree("a" * 40, "main", ("x.py",)),
            "changed since the run began: x.py",
        ),
        (WorkTree("b" * 40, "main", ()), "bbbbbbbbbbbb is checked out"),
    ],
    ids=["files", "commit"],
)
def test_a_stage_does_not_get_a_tree_that_no_gate_has_seen(
    tree: WorkTree, words: str
) -> None:
    world = World()
    world.fakes.process.on_run = lambda: setattr(world.fakes.repository, "tree", tree)

    run = world.start()

    # It was changed while the first stage ran, which may have read it.
    finished = run.stage("first").finished
    assert outcome(run) is Outcome.BROKEN
    assert finished is not None
    assert words in finished.reason
    assert world.programs() == ["first"]


def test_what_a_stage_writes_beside_the_commit_is_the_next_ones_concern() -> None:
    world = World()
    tree = WorkTree("a" * 40, "main", ("x.py",), frozenset({"x.py"}))
    world.fakes.process.on_run = lambda: setattr(world.fakes.repository, "tree", tree)

    run = world.start()

    first, second = (run.stage(name).finished for name in ("first", "second"))
    assert first is not None
    assert first.outcome is Outcome.OPEN
    assert second is not None
    assert "changed since the run began: x.py" in second.reason
    assert world.programs() == ["first"]


def test_a_stage_that_closes_says_so_whatever_became_of_the_tree() -> None:
    world = World()
    world.fakes.process.answers["first"] = exited(0, b"too many lines\n")
    tree = WorkTree("a" * 40, "main", ("x.py",))
    world.fakes.process.on_run = lambda: setattr(world.fakes.repository, "tree", tree)

    assert outcome(world.start()) is Outcome.CLOSED


def test_a_run_that_began_dirty_goes_on_with_what_its_stages_write() -> None:
    world = World()
    tree = WorkTree("a" * 40, "main", ("x.py",))
    world.fakes.process.on_run = lambda: setattr(world.fakes.repository, "tree", tree)
    dirty = replace(SOURCE, dirty=("other.py",))
    started = begin(world.pipeline, dirty, world.fakes.clock.now(), allow_dirty=True)

    assert outcome(world.runner().start("R", started)) is Outcome.OPEN


def test_evidence_of_another_branch_reaches_no_gate() -> None:
    what = pipeline(
        stage("first", gate="first.lines < 9"),
        stage("other", gate="other.lines < 9"),
        stage("second", "first", gate="second.lines == 0 && first.lines == 1"),
    )
    world = World(what)
    world.fakes.process.answers["first"] = exited(0, b"a\n")

    run = world.start()

    needed = upstream_of(run, "second")
    assert outcome(run) is Outcome.OPEN
    assert [finished.stage for finished in needed] == ["first"]


def test_the_start_of_a_stage_is_durable_before_its_program_runs() -> None:
    world = World()
    world.fakes.process.answers["first"] = Interrupted("killed here")

    with pytest.raises(Interrupted):
        world.start()

    started = next(e for e in world.record.all() if isinstance(e, StageStarted))
    assert started.stage == "first"


def test_a_resumed_run_is_about_the_branch_it_began_on() -> None:
    what = pipeline(
        stage("first"), stage("second", "first", when='git.branch == "main"')
    )
    world = World(what, source=replace(SOURCE, branch="feature"))
    world.fakes.process.answers["first"] = exited(2)
    world.start()
    world.fakes.process.answers.clear()
    world.source = SOURCE

    run = world.resume()

    assert outcome(run) is Outcome.OPEN
    assert run.stage("second").phase is Phase.SKIPPED
    assert world.programs() == ["first", "first"]
