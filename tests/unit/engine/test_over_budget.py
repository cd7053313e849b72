"""Unit tests of what the runner does when a budget is used up."""

from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeRecord
from run_world import World, outcome, pipeline, stage
from typing_extensions import override

from sluicegate.engine.machine import fold
from sluicegate.errors import PermanentError
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import (
    ConditionResult,
    Event,
    GpuReserved,
    RunStarted,
    StageFinished,
)
from sluicegate.model.resources import Resources
from sluicegate.stages.stage import StageResources

RUNS = ConditionResult("runs per day <= 1", Verdict.CLOSED, "used up")
GPUS = ConditionResult("GPU-minutes per day <= 1", Verdict.CLOSED, "used up")
BUSY = replace(GPUS, verdict=Verdict.PENDING, reason="wait")


class Refusing(FakeRecord):
    """A log in which a budget has something against some events."""

    runs: ConditionResult | None = None
    gpus: ConditionResult | None = None

    @override
    def note(self, event: Event) -> Event:
        return super().note(self._decided(event))

    @override
    def record(self, event: Event) -> Event:
        return super().record(self._decided(event))

    def _decided(self, event: Event) -> Event:
        match event:
            case RunStarted():
                return replace(event, over_budget=self.runs)
            case GpuReserved():
                return replace(event, refused=self.gpus)
            case _:
                return event


def world(record: Refusing, **resources: Any) -> World:  # noqa: ANN401 - as written
    made = World(
        pipeline(
            stage("train", resources=StageResources(**resources)),
            stage("check", "train"),
            stage("lint"),
        )
    )
    made.record = record
    return made


def ends(made: World) -> dict[str, StageFinished]:
    found = [each for each in made.record.all() if isinstance(each, StageFinished)]
    return {each.stage: each for each in found}


def test_a_run_without_a_slot_closes_the_gates_of_its_first_stages() -> None:
    record = Refusing()
    record.runs = RUNS
    made = world(record)

    run = made.start()

    assert outcome(run) is Outcome.CLOSED
    assert made.programs() == []
    closed = ends(made)
    assert set(closed) == {"train", "lint"}
    for each in closed.values():
        assert each.gate is not None
        assert each.gate.conditions == (RUNS,)
        assert each.reason == "used up"
    assert fold("R", record.all()) == run


@pytest.mark.parametrize(
    ("refused", "expected"), [(GPUS, Outcome.CLOSED), (BUSY, Outcome.PENDING)]
)
def test_a_stage_that_would_use_gpus_is_ended_before_it_starts(
    refused: ConditionResult, expected: Outcome
) -> None:
    record = Refusing()
    record.gpus = refused
    made = world(record, gpu=2)

    run = made.start()

    assert outcome(run) is expected
    assert made.programs() == ["lint"]
    train = ends(made)["train"]
    assert (train.outcome, train.declared, train.inputs) == (expected, None, {})


def test_a_stage_that_had_to_wait_asks_again_when_the_run_is_resumed() -> None:
    record = Refusing()
    record.gpus = BUSY
    made = world(record, gpu=2)
    made.start()
    record.gpus = None

    assert outcome(made.resume()) is Outcome.OPEN
    assert made.programs() == ["lint", "train", "check"]


def test_gpus_are_reserved_before_a_stage_and_declared_after_it() -> None:
    made = world(Refusing(), gpu=2, cpu=4, memory="1GiB")
    made.start()

    assert GpuReserved("train", 2, 1_800_000) in made.record.all()
    assert ends(made)["train"].declared == Resources(2, 4, 1 << 30)
    assert ends(made)["lint"].declared is None


def test_a_stage_without_gpus_asks_no_budget() -> None:
    record = Refusing()
    record.gpus = GPUS
    made = world(record, cpu=4)

    assert outcome(made.start()) is Outcome.OPEN
    assert not any(isinstance(each, GpuReserved) for each in record.all())


def test_an_earlier_result_needs_no_gpus() -> None:
    first = world(Refusing(), gpu=2)
    first.start()
    again = first.again()
    record = Refusing()
    record.gpus = GPUS
    again.record = record

    assert outcome(again.start()) is Outcome.OPEN
    train = ends(again)["train"]
    assert train.cached is not None
    assert train.declared is None
    assert train.gpu_ms == 0


def test_what_a_budget_ended_is_no_earlier_result() -> None:
    first = world(Refusing(), gpu=2)
    first.start()
    refused = first.again(forced=("train",))
    record = Refusing()
    record.gpus = GPUS
    refused.record = record
    refused.start()
    again = refused.again()

    run = again.start()

    assert outcome(run) is Outcome.OPEN
    assert again.programs() == []


def test_a_log_that_cannot_be_reached_is_no_verdict_of_the_stage() -> None:
    record = Refusing()
    record.fail_at = 2  # the start of the run and of the stage
    made = World(pipeline(stage("train", resources=StageResources(gpu=1))))
    made.record = record

    with pytest.raises(PermanentError, match="disk is full"):
        made.start()

    assert made.programs() == []
