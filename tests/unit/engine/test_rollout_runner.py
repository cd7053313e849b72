"""Unit tests of `sluicegate.engine.rollout_runner`, with every port in memory."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes import FakeObserver, FakePorts
from fakes_secrets import desk
from fakes_target import Behaviour, FakeTarget, release

from sluicegate.engine.rollout_runner import RolloutRunner
from sluicegate.errors import PermanentError, TransientError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    EntryEvent,
    PlannedStage,
    ReleaseRequested,
    RolloutEvent,
    RolloutFinished,
    StageFinished,
)
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.run import Phase, StageState
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import StageContext

GOOD = release("good")
CONDITION = compile_condition("canary.promoted == true", ["canary.promoted"])


def nothing() -> None:
    """The tree is as it was."""


def run(
    behaviour: Behaviour,
    images: tuple[Digest, ...] = (GOOD.image,),
    check_tree: Callable[[], None] = nothing,
    history: tuple[RolloutEvent, ...] = (),
    fakes: FakePorts | None = None,
    live: Release | None = None,
    elsewhere: str | None = None,
) -> tuple[StageFinished, list[EntryEvent | RolloutEvent]]:
    fakes = fakes or FakePorts()
    target = FakeTarget(fakes.clock, behaviour={GOOD: behaviour}, live=live)
    target.running = {} if live is None else {live: None}
    fakes.target = lambda _environment: target
    events: list[EntryEvent | RolloutEvent] = []
    stage = CanaryStage(uses="canary", environment="production")
    named = NamedStage("canary", stage, (), Gate((CONDITION,)))
    context = StageContext(
        stage="canary",
        pipeline="churn_release_v1.0",
        definition=Digest.of(b""),
        commit=GOOD.commit,
        release=GOOD.name,
        run_id="R",
        project="/project",
        output="/output",
        cache="/cache",
        now=fakes.clock.now(),
        images=images,
    )
    ports = replace(fakes.ports(), elsewhere=lambda _environment: elsewhere)
    runner = RolloutRunner(
        ports, check_tree, events.append, FakeObserver(), desk(ports)
    )
    planned = PlannedStage("canary", "canary", ())
    state = StageState(planned, Phase.RUNNING, rollout=history)
    return runner.run(named, stage, 1, context, state, ()), events


def test_a_first_release_opens_the_gate_and_is_the_subject() -> None:
    finished, events = run(Behaviour())

    assert finished.outcome is Outcome.OPEN
    assert finished.subjects == ((GOOD.name, GOOD.image),)
    assert finished.evidence.fields["result"] == "deployed"
    assert isinstance(events[-1], RolloutFinished)


def test_where_another_machine_begins_it_nothing_is_touched_and_a_request_is_left() -> (
    None
):
    finished, events = run(Behaviour(), elsewhere="it is served over there")

    assert finished.outcome is Outcome.PENDING
    assert finished.reason == "it is served over there"
    assert [type(event) for event in events] == [ReleaseRequested]


def test_a_release_that_never_gets_healthy_closes_the_gate_and_says_why() -> None:
    finished, _ = run(Behaviour(fault="no model file"))

    assert finished.outcome is Outcome.CLOSED
    assert "no model file" in finished.reason
    assert "canary.promoted" not in finished.reason
    assert finished.gate is not None
    assert finished.gate.verdict is Verdict.CLOSED
    assert finished.evidence.fields["promoted"] is False


@pytest.mark.parametrize("images", [(), (GOOD.image, Digest.of(b"other"))])
def test_without_exactly_one_image_nothing_is_released(
    images: tuple[Digest, ...],
) -> None:
    finished, events = run(Behaviour(), images)

    assert finished.outcome is Outcome.BROKEN
    assert "one built image" in finished.reason
    assert events == []


def test_a_tree_that_changed_is_not_released() -> None:
    def changed() -> None:
        raise PermanentError("the work tree changed")

    finished, events = run(Behaviour(), check_tree=changed)

    assert finished.outcome is Outcome.BROKEN
    assert events == []


def test_a_rollout_that_had_ended_is_not_repeated() -> None:
    _, history = run(Behaviour(fault="no model file"))

    finished, events = run(
        Behaviour(), history=tuple(e for e in history if isinstance(e, RolloutEvent))
    )

    assert events == []
    assert finished.outcome is Outcome.CLOSED
    assert finished.evidence.fields["result"] == RolloutResult.ROLLED_BACK.value


def test_how_the_evidence_came_about_is_kept_as_a_picture() -> None:
    fakes = FakePorts()

    finished, _ = run(Behaviour(), fakes=fakes, live=release("old"))

    assert finished.evidence.fields["result"] == RolloutResult.PROMOTED.value
    (file,) = finished.evidence.files
    data = fakes.evidence.kept[file.digest]
    assert (file.name, file.media_type) == ("rollout.svg", "image/svg+xml")
    assert file.size == len(data)
    assert b"good beside old in production" in data
    assert b"promoted after" in data


def test_a_picture_that_cannot_be_kept_changes_no_verdict() -> None:
    fakes = FakePorts()
    fakes.evidence.fault = TransientError("the disk is full")

    finished, _ = run(Behaviour(), fakes=fakes, live=release("old"))

    assert finished.outcome is Outcome.OPEN
    assert finished.evidence.files == ()


def test_a_first_release_has_nothing_to_draw() -> None:
    finished, _ = run(Behaviour())

    assert finished.evidence.files == ()
