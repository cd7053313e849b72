"""Unit tests of `sluicegate.engine.rollout_runner`, with every port in memory."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from fakes import FakeObserver, FakePorts
from fakes_secrets import FakeKeeper, desk, settings
from fakes_target import Behaviour, FakeTarget, release
from run_world import pipeline

from sluicegate.engine.rollout_runner import RolloutRunner
from sluicegate.engine.toolbox import OpenMetrics
from sluicegate.errors import PermanentError, TransientError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    PlannedStage,
    ReleaseRequested,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    StageFinished,
)
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.run import Phase, StageState
from sluicegate.ports.metrics import MetricSource
from sluicegate.ports.secrets import GivenSecrets
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
    *,
    uses: Mapping[str, Mapping[str, object]] | None = None,
    metrics: OpenMetrics = lambda _stage, _given: {},
) -> tuple[StageFinished, list[Event]]:
    fakes = fakes or FakePorts()
    target = FakeTarget(fakes.clock, behaviour={GOOD: behaviour}, live=live)
    target.running = {} if live is None else {live: None}
    fakes.target = lambda _environment: target
    events: list[Event] = []
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
    ports = replace(
        fakes.ports(), elsewhere=lambda _environment: elsewhere, metrics=metrics
    )
    whole = replace(pipeline(named), secrets=settings(uses or {}))
    runner = RolloutRunner(
        ports,
        check_tree,
        events.append,
        FakeObserver(),
        desk(ports, whole, events.append),
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


USES = {
    "PROM": {
        "from": "bao",
        "path": "prom",
        "stages": ["canary"],
        "environments": ["production"],
    }
}


def kept(**more: object) -> tuple[FakePorts, FakeKeeper]:
    fakes = FakePorts()
    keeper = FakeKeeper("bao", {"prom": "a-token-of-today"}, **more)  # type: ignore[arg-type]
    fakes.keepers = {"bao": keeper}
    return fakes, keeper


def test_the_secrets_of_a_rollout_are_fetched_before_it_begins_and_the_login_ends() -> (
    None
):
    fakes, keeper = kept()
    opened: list[GivenSecrets] = []

    def open_them(_stage: CanaryStage, given: GivenSecrets) -> dict[str, MetricSource]:
        assert keeper.acts == []  # not before the entry gate is open
        opened.append(given)
        return {}

    finished, events = run(Behaviour(), fakes=fakes, uses=USES, metrics=open_them)

    assert finished.outcome is Outcome.OPEN
    assert [type(e).__name__ for e in events][:3] == [
        "SecretsGiven",
        "SecretsRevoked",
        "RolloutStarted",
    ]
    assert keeper.acts == ["login bao", "fetch bao", "end bao"]
    assert keeper.purposes[0].environment == "production"
    assert opened[0]() == {"PROM": "a-token-of-today"}
    assert keeper.acts.count("login bao") == 1
    assert "a-token-of-today" not in repr(events)


def test_no_rollout_begins_whose_secrets_cannot_be_fetched() -> None:
    fakes, keeper = kept(fail_at=frozenset({"fetch bao"}))

    finished, events = run(Behaviour(), fakes=fakes, uses=USES)

    assert finished.outcome is Outcome.BROKEN
    assert finished.reason == "PROM from bao: fetch bao is refused -- ask them"
    assert [type(e) for e in events] == [SecretsRevoked]
    assert keeper.alive == 0


def test_no_rollout_begins_with_a_secret_that_the_protected_branch_refuses() -> None:
    fakes, keeper = kept()
    fakes.refused_secrets = {"PROM": "it is new"}

    finished, events = run(Behaviour(), fakes=fakes, uses=USES)

    assert finished.outcome is Outcome.BROKEN
    assert "PROM is not given to canary: it is new" in finished.reason
    assert (events, keeper.acts) == ([], [])


def test_where_the_entry_gate_does_not_open_nothing_is_fetched() -> None:
    fakes, keeper = kept()

    finished, events = run(
        Behaviour(), fakes=fakes, uses=USES, elsewhere="it is in a cluster"
    )

    assert finished.outcome is Outcome.PENDING
    assert not [e for e in events if isinstance(e, SecretsGiven)]
    assert keeper.acts == []


def test_a_rollout_that_goes_on_fetches_only_what_is_read() -> None:
    fakes, keeper = kept(fail_at=frozenset({"login bao"}))
    _, events = run(Behaviour(), fakes=FakePorts())
    begun = [e for e in events if isinstance(e, RolloutStarted)]

    finished, _ = run(Behaviour(), fakes=fakes, uses=USES, history=tuple(begun))

    assert finished.outcome is Outcome.OPEN
    assert keeper.acts == []
