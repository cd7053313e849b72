"""Unit tests of `sluicegate.engine.rollback_run`: the run that goes back."""

from dataclasses import replace
from typing import Any

import pytest
from fakes import START, FakeObserver, FakePorts, FakeRecord
from fakes_target import Behaviour, FakeTarget, release
from run_events import NOW, at, begin, end, planned, started
from run_world import SOURCE, pipeline, stage

from sluicegate.engine.beginning import check_resumable, check_unchanged
from sluicegate.engine.machine import fold
from sluicegate.engine.rollback_run import begin_rollback, choose_stage, find_earlier
from sluicegate.engine.runner import Runner
from sluicegate.engine.situation import Earlier
from sluicegate.errors import UsageError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    PlannedStage,
    ReleaseRequested,
    RolloutFinished,
    RolloutStarted,
    RunStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.policy import ApprovalRule
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import Run
from sluicegate.model.source import Source, WorkTree
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline

V1 = replace(release("v1"), reference="registry.example/churn@sha256:" + "c" * 64)
SCAN = end("scan", evidence=Evidence({"critical": 0}))


def named(name: str, environment: str = "production", *extra: str) -> NamedStage:
    fields = [f"{name}.promoted", "scan.critical"]
    texts = (f"{name}.promoted == true", *extra)
    gate = Gate(tuple(compile_condition(text, fields) for text in texts))
    settings = CanaryStage(uses="canary", environment=environment)
    return NamedStage(name, settings, ("build",), gate)


def ruled(*stages: NamedStage) -> Pipeline:
    return pipeline(stage("build"), *stages)


def released(
    result: RolloutResult | None = RolloutResult.PROMOTED,
    environment: str = "production",
) -> Run:
    """The run of v1: a scan, another branch, and the rollout."""
    what = started(
        planned("scan"), planned("notes"), planned("canary", "scan"), labels={"os": "x"}
    )
    events: list[Event] = [
        what,
        begin("scan"),
        SCAN,
        begin("notes"),
        end("notes"),
        begin("canary"),
        RolloutStarted("canary", environment, V1, None, NOW),
    ]
    if result is not None:
        events.append(RolloutFinished("canary", result, "why", at(9)))
    return fold("R1", events)


def test_the_stage_is_the_one_that_releases_there_and_needs_nothing() -> None:
    found = choose_stage(ruled(named("stg", "staging"), named("prod")), "production")

    assert (found.name, found.needs, found.when) == ("prod", (), None)


def test_without_one_stage_it_is_not_known_how_to_go_back() -> None:
    with pytest.raises(UsageError, match="has 0 stages that release into 'prod'"):
        choose_stage(ruled(named("one")), "prod")
    with pytest.raises(UsageError, match=r"2 stages .*: one, two"):
        choose_stage(ruled(named("one"), named("two")), "production")


def test_what_had_been_found_is_what_the_stages_before_the_rollout_found() -> None:
    earlier = find_earlier(released(), "production")

    assert earlier == Earlier("R1", {"os": "x"}, V1, (SCAN,))
    assert earlier.release.reference == V1.reference


@pytest.mark.parametrize(
    "run",
    [
        released(None),
        released(RolloutResult.ROLLED_BACK),
        released(RolloutResult.HELD),
        released(environment="staging"),
    ],
)
def test_a_run_that_brought_nothing_there_is_not_gone_back_to(run: Run) -> None:
    with pytest.raises(UsageError, match="released nothing into 'production'"):
        find_earlier(run, "production")


def begun(what: Pipeline, reason: str | None = "it is slow") -> RunStarted:
    one = choose_stage(what, "production")
    run = released()
    earlier = find_earlier(run, "production")
    return begin_rollback(what, one, run.started, earlier, reason, START)


def test_the_run_says_to_what_it_goes_back_and_why() -> None:
    what = ruled(named("prod"))

    event = begun(what)

    assert (event.rollback, event.reason) == ("R1", "it is slow")
    assert (event.commit, event.branch) == (V1.commit, "main")
    assert (event.pipeline, event.definition) == (what.name, what.definition)
    assert event.stages == (PlannedStage("prod", "canary", (), 0),)
    assert begun(what, "").reason is None


def test_it_depends_on_no_work_tree_but_on_the_rules_it_began_with() -> None:
    what = ruled(named("prod"))
    run = fold("R9", [begun(what)])
    elsewhere = Source("/other", "f" * 40, "dev", None, ("a.py",), None)

    check_resumable(run, what, elsewhere)
    check_unchanged(run.started, WorkTree("f" * 40, "dev", ("a.py",)))
    changed = replace(what, definition=Digest.of(b"2"))
    with pytest.raises(UsageError, match="protected branch is not the one") as caught:
        check_resumable(run, changed, elsewhere)
    assert caught.value.hint == "go back anew with `sluice rollback`"


class World:
    """An environment that runs v2, and a rollback to v1."""

    def __init__(self, *gate: str, fault: str | None = None) -> None:
        self.what = ruled(named("prod", "production", *gate))
        self.fakes, self.record = FakePorts(), FakeRecord()
        self.fakes.repository.tree = WorkTree("d" * 40, "dev", ("half-done.py",))
        self.target = FakeTarget(
            self.fakes.clock, behaviour={V1: Behaviour(fault=fault), V2: Behaviour()}
        )
        self.target.running[V2] = None
        self.target.live = V2
        self.fakes.target = lambda _environment: self.target

    def runner(self) -> Runner:
        one = replace(self.what, stages=(choose_stage(self.what, "production"),))
        return Runner(
            one,
            replace(SOURCE, commit=V1.commit),
            self.fakes.ports(),
            self.record,
            FakeObserver(),
            earlier=find_earlier(released(), "production"),
        )

    def go_back(self) -> Run:
        return self.runner().start("R9", begun(self.what))

    def happened(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.record.all() if isinstance(event, kind)]


V2 = release("v2")
NOW_OPEN = "scan.critical == 0"
NOW_CLOSED = "scan.critical == 1"


def test_it_releases_the_earlier_image_beside_what_is_live_and_builds_nothing() -> None:
    world = World(NOW_OPEN)

    run = world.go_back()

    assert run.finished is not None
    assert run.finished.outcome is Outcome.OPEN
    (rollout,) = world.happened(RolloutStarted)
    assert (rollout.canary, rollout.canary.reference) == (V1, V1.reference)
    assert rollout.stable == V2
    assert world.target.live == V1
    assert world.fakes.process.ran == []


def test_its_own_gate_is_judged_over_what_had_been_found_for_the_release() -> None:
    run = World(NOW_CLOSED).go_back()

    (state,) = run.stages
    assert state.finished is not None
    assert state.finished.outcome is Outcome.CLOSED
    assert "scan.critical == 1" in state.finished.reason


def test_a_canary_that_fails_is_taken_back_like_any_other() -> None:
    world = World(fault="no model file")

    run = world.go_back()

    assert run.finished is not None
    assert run.finished.outcome is Outcome.CLOSED
    assert world.target.live == V2


ASKS = Policy(
    "production",
    (Rules("the file", approvals=ApprovalRule(frozenset({"ann"}))),),
    Digest.of(b"rules"),
    "refs/heads/main",
    "f" * 40,
)


def test_it_asks_people_with_the_evidence_of_the_run_that_it_goes_back_to() -> None:
    world = World()
    world.fakes.authority.rules = ASKS

    run = world.go_back()

    assert run.finished is not None
    assert run.finished.outcome is Outcome.PENDING
    (asked,) = world.happened(ReleaseRequested)
    request = world.fakes.authority.kept[asked.request]
    assert request.rollback
    assert request.release == V1.name
    assert [each.task_id for each in request.evidence] == ["R1/os=x/scan/1"]
    assert world.happened(RolloutStarted) == []


def test_it_goes_on_once_they_have_answered_whatever_is_checked_out() -> None:
    world = World()
    world.fakes.authority.rules = ASKS
    world.go_back()
    world.fakes.authority.rules = replace(ASKS, layers=())
    world.fakes.repository.tree = WorkTree("e" * 40, None, ())

    run = world.runner().resume(fold("R9", world.record.all()))

    assert run.finished is not None
    assert run.finished.outcome is Outcome.OPEN
    assert world.target.live == V1
