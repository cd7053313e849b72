"""Unit tests of `sluicegate.engine.stable`: gates that compare with what is live."""

from dataclasses import replace

from fakes import START
from fakes_target import release
from run_world import World, outcome, pipeline, stage

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Outcome
from sluicegate.model.state_item import StableRelease
from sluicegate.ports.stable import StableEvidence
from sluicegate.stages.pipeline import NamedStage, Pipeline

RELEASED = StableRelease("production", release("v1"), "R0", START, 7)


def comparing(*, people: bool = False) -> NamedStage:
    """A stage that may not print more lines than it did for the stable release."""
    names = ("first.lines", "stable.first.lines")
    condition = compile_condition("first.lines <= stable.first.lines", names)
    gate = Gate((condition,), "production", asks_people=people)
    return replace(stage("first"), gate=gate)


def one(*, people: bool = False) -> Pipeline:
    return pipeline(comparing(people=people))


def released(world: World, lines: int) -> World:
    fields = {"first": {"lines": lines}}
    world.fakes.stable.released["production"] = StableEvidence(RELEASED, fields)
    return world


def test_a_stage_is_judged_beside_the_stable_release() -> None:
    world = released(World(one()), 0)

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    (finished,) = [each.finished for each in run.stages]
    assert finished is not None
    assert finished.gate is not None
    (condition,) = finished.gate.conditions
    assert condition.reason.endswith("first.lines is 0, stable.first.lines is 0")


def test_a_stage_that_is_worse_than_the_stable_release_closes() -> None:
    world = released(World(one()), -1)

    assert outcome(world.start()) is Outcome.CLOSED


def test_the_first_release_opens_only_where_people_are_asked() -> None:
    assert outcome(World(one()).start()) is Outcome.CLOSED
    assert outcome(World(one(people=True)).start()) is Outcome.OPEN


def test_evidence_that_is_gone_closes_even_where_people_are_asked() -> None:
    world = World(one(people=True))
    world.fakes.stable.released["production"] = StableEvidence(RELEASED, {})

    assert outcome(world.start()) is Outcome.CLOSED


def test_an_earlier_result_is_judged_beside_what_is_stable_now() -> None:
    before = released(World(one()), 0)
    before.start()
    world = released(before.again(), -1)

    run = world.start()

    assert outcome(run) is Outcome.CLOSED
    assert world.programs() == ["first"]


def test_an_earlier_result_stands_beside_a_release_that_is_no_better() -> None:
    before = released(World(one()), 0)
    before.start()
    world = released(before.again(), 5)

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert world.programs() == []


def test_the_log_is_asked_only_for_a_condition_that_compares() -> None:
    world = World()

    world.start()

    assert world.fakes.stable.asked == []
