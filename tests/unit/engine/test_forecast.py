"""Unit tests of `sluicegate.engine.forecast`."""

from dataclasses import replace

import pytest
from fakes import START, exited
from fakes_target import release
from run_events import end
from run_world import SOURCE, World, outcome, pipeline, stage

from sluicegate.engine.forecast import Action, Forecast, check_earlier, forecast
from sluicegate.engine.selection import Selection, choose_stages
from sluicegate.engine.situation import Situation
from sluicegate.errors import UsageError
from sluicegate.gates.condition import compile_condition
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult, GateRecord
from sluicegate.model.source import WorkTree
from sluicegate.model.state_item import StableRelease
from sluicegate.ports.results import EarlierResult
from sluicegate.ports.stable import StableEvidence
from sluicegate.stages.canary import CanaryStage

ALL = Selection()


def foresee(
    world: World, selection: Selection = ALL, *, forced: tuple[str, ...] = ()
) -> tuple[Forecast, ...]:
    chosen = choose_stages(world.pipeline, selection)
    situation = Situation(world.pipeline, world.source, "plan", {})
    return forecast(situation, chosen, forced, world.fakes.ports())


def actions(forecasts: tuple[Forecast, ...]) -> dict[str, str]:
    return {each.name: each.action.value for each in forecasts}


def test_before_the_first_run_everything_is_to_be_run_and_nothing_is_done() -> None:
    world = World()

    forecasts = foresee(world)

    assert [(f.name, f.action, f.reason) for f in forecasts] == [
        ("first", Action.RUN, "it never ran before"),
        ("second", Action.RUN, "it never ran before"),
    ]
    assert world.programs() == []


def test_what_a_run_would_take_over_is_cached_with_the_time_it_took() -> None:
    before = World()
    before.start()

    forecasts = foresee(before.again())

    assert actions(forecasts) == {"first": "cached", "second": "cached"}
    assert all(f.last is not None and "R/" in f.reason for f in forecasts)


@pytest.mark.parametrize("changed", ["nothing", "files", "a failure"])
def test_a_run_does_what_was_foreseen(changed: str) -> None:
    before = World()
    if changed == "a failure":
        before.fakes.process.answers["second"] = exited(2)
    before.start()
    before.fakes.process.answers.clear()
    if changed == "files":
        before.fakes.repository.tree = WorkTree("b" * 40, "main", ())
        before.source = replace(SOURCE, commit="b" * 40)
    world = before.again()
    expected = {f.name for f in foresee(world) if f.action is Action.RUN}
    world.fakes.process.ran.clear()

    world.start()

    assert set(world.programs()) == expected


def test_what_changed_is_named() -> None:
    before = World()
    before.start()
    before.fakes.repository.tree = WorkTree("b" * 40, "main", ())

    assert foresee(before.again())[0].reason == "files changed"


def test_a_stage_that_its_condition_leaves_out_is_skipped_with_what_needs_it() -> None:
    what = pipeline(stage("a", when='git.branch == "other"'), stage("b", "a"))

    forecasts = foresee(World(what))

    assert actions(forecasts) == {"a": "skip", "b": "skip"}
    assert forecasts[1].reason == "a is skipped"


def test_an_environment_is_never_taken_from_the_log() -> None:
    first = stage("first")
    canary = CanaryStage(uses="canary", environment="production")
    last = replace(first, name="live", stage=canary, needs=("first",))
    what = pipeline(first, last)
    before = World(what)
    alone = replace(before.pipeline, stages=(first,))
    before.pipeline = alone
    before.start()
    world = before.again(what)

    assert actions(foresee(world)) == {"first": "cached", "live": "reconcile"}


def test_forced_stages_run_and_those_after_them_wait_for_that() -> None:
    before = World()
    before.start()

    forecasts = foresee(before.again(), forced=("first",))

    assert [f.reason for f in forecasts] == ["forced", "first runs before it"]


def test_what_was_left_out_must_have_opened_on_the_same_inputs() -> None:
    only = Selection(only=("second",))
    before = World()
    missing = foresee(before, only)
    before.start()
    there = foresee(before.again(), only)

    assert actions(there) == {"first": "cached", "second": "cached"}
    check_earlier(there, only)
    assert actions(missing)["first"] == "missing"
    with pytest.raises(UsageError, match=r"first \(it never ran before"):
        check_earlier(missing, only)


def test_a_tool_that_is_missing_is_foreseen() -> None:
    world = World()
    world.fakes.tools.missing = frozenset({"first"})

    assert foresee(world)[0].reason == "first is not installed"


def test_the_attempt_that_found_a_result_is_named_however_often_it_was_used() -> None:
    before = World()
    before.start()
    world = before.again()
    found = world.fakes.results.of("first")[0]
    used = replace(found.finished, cached=found.task_id)
    world.fakes.results.earlier.append(EarlierResult("LATER/first/1", used))

    forecast = foresee(world)[0]

    assert forecast.source == found
    assert forecast.last == found.finished


def test_a_stage_behind_one_that_runs_is_told_by_what_is_known_already() -> None:
    before = World(pipeline(stage("a"), stage("b", "a"), stage("c", "b")))
    before.start()
    world = before.again(
        pipeline(
            stage("a", env={"X": "1"}),
            stage("b", "a"),
            stage("c", "b", env={"X": "1"}),
        )
    )

    forecasts = foresee(world)

    assert [(f.reason, f.changed) for f in forecasts] == [
        ("definition changed", ("definition",)),
        ("a runs before it", ()),
        ("definition changed", ("definition",)),
    ]


def test_a_condition_on_facts_is_judged_whatever_runs_before() -> None:
    what = pipeline(
        stage("a"),
        stage("b", "a", when='git.branch == "other"'),
        stage("c", "a", when="a.lines == 0"),
    )

    assert actions(foresee(World(what))) == {"a": "run", "b": "skip", "c": "run"}


def test_how_long_a_stage_takes_is_the_median_of_the_newest_that_ran() -> None:
    world = World(pipeline(stage("train", pools={"gpu": 2}), gpu=2))
    budget = ConditionResult("GPU-minutes per day <= 1", Verdict.CLOSED, "used up")
    over = GateRecord(Digest.of(b""), Verdict.CLOSED, (budget,))
    ends = [
        end("train", wall_ms=1, cached="R0/train/1"),
        end("train", Outcome.BROKEN, wall_ms=2),
        replace(end("train", Outcome.CLOSED, wall_ms=3), gate=over),
        *(end("train", wall_ms=1000 * n) for n in (5, 9, 1, 8, 2, 7, 3, 6, 4)),
        *(end("train", wall_ms=10**6) for _ in range(9)),
    ]
    for each in reversed(ends):  # the newest comes last
        world.fakes.results.earlier.append(EarlierResult("R/train/1", each))

    (found,) = foresee(world)

    assert (found.usual_ms, found.gpu) == (5000, 2)
    assert found.last == ends[1]


def test_how_long_a_stage_takes_that_never_came_to_an_answer_is_not_known() -> None:
    world = World(pipeline(stage("train")))
    broken = end("train", Outcome.BROKEN, wall_ms=2)
    world.fakes.results.earlier += [EarlierResult("R/train/1", broken)]

    (found,) = foresee(world)

    assert found.usual_ms is None


def asking_what_is_released(world: World, lines: int) -> World:
    text, name = "stable.first.lines > 3", "stable.first.lines"
    first = replace(
        stage("first"), when=compile_condition(text, [name]), when_in="production"
    )
    world.pipeline = pipeline(first, stage("second", "first"))
    released = StableRelease("production", release("v1"), "R0", START, 7)
    fields = {"first": {"lines": lines}}
    world.fakes.stable.released["production"] = StableEvidence(released, fields)
    return world


def test_what_is_released_decides_beforehand_what_is_left_out() -> None:
    good, bad = asking_what_is_released(World(), 3), asking_what_is_released(World(), 4)

    first, second = foresee(good)

    assert (first.action, second.action) == (Action.SKIP, Action.SKIP)
    assert first.reason == "when: stable.first.lines > 3: it is 3"
    assert actions(foresee(bad)) == {"first": "run", "second": "run"}
    assert outcome(bad.start()) is Outcome.OPEN
    assert bad.programs() == ["first", "second"]
