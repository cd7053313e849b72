"""A canary stage whose rollout goes on from run to resumed run, tick by tick."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeObserver, FakePorts
from fakes_secrets import desk
from fakes_target import Behaviour, FakeTarget, release

from sluicegate.engine.machine import advance, fold
from sluicegate.engine.rollout_runner import RolloutRunner
from sluicegate.engine.steering import Pace
from sluicegate.errors import PermanentError, UsageError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    PlannedStage,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunResumed,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import Run
from sluicegate.ports.metrics import MetricSource
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import StageContext

OLD, NEW = release("old"), release("new")
CONDITION = compile_condition("canary.promoted == true", ["canary.promoted"])
STAGE = CanaryStage(uses="canary", environment="production")
NAMED = NamedStage("canary", STAGE, (), Gate((CONDITION,)))


@dataclass
class Project:
    """A run of one canary stage, of which every process does one tick."""

    canary: Behaviour = field(default_factory=Behaviour)
    fakes: FakePorts = field(default_factory=FakePorts)
    observer: FakeObserver = field(default_factory=FakeObserver)
    events: list[Event] = field(default_factory=list)
    is_open: bool = True

    def __post_init__(self) -> None:
        self.target = FakeTarget(self.fakes.clock, behaviour={NEW: self.canary})
        self.target.running, self.target.live = {OLD: None}, OLD
        self.fakes.target = lambda _environment: self.target

    def metrics(
        self, _stage: CanaryStage, _given: GivenSecrets
    ) -> Mapping[str, MetricSource]:
        if not self.is_open:
            raise UsageError("no token", hint="set TOKEN")
        return {}

    def tick(self, *, after_ms: int = 0) -> StageFinished:
        """Start the run, or resume it, and carry out one attempt."""
        clock = self.fakes.clock
        clock.elapsed_ms += after_ms
        now = clock.now()
        planned = (PlannedStage("canary", "canary", ()),)
        first = RunStarted(
            "p", Digest.of(b""), NEW.commit, "main", dirty=False, stages=planned,
            start_ts=now,
        )  # fmt: skip
        self.events.append(RunResumed() if self.events else first)
        number = sum(isinstance(e, StageStarted) for e in self.events) + 1
        self.events.append(StageStarted("canary", number, now))
        ports = replace(self.fakes.ports(), pace=Pace.TICK, metrics=self.metrics)
        runner = RolloutRunner(
            ports, lambda: None, self.events.append, self.observer, desk(ports)
        )
        context = StageContext(
            stage="canary",
            pipeline="churn_release_v1.0",
            definition=Digest.of(b""),
            commit=NEW.commit,
            release=NEW.name,
            run_id="R",
            project="/project",
            output="/output",
            cache="/cache",
            now=now,
            images=(NEW.image,),
        )
        state = self.run.stage("canary")
        finished = runner.run(NAMED, STAGE, number, context, state, ())
        self.events.append(finished)
        self.events.append(RunFinished(finished.outcome, "so far", now, clock.now(), 0))
        return finished

    @property
    def run(self) -> Run:
        return fold("R", self.events)


def test_a_rollout_that_goes_on_is_pending_and_says_what_it_waits_for() -> None:
    it = Project()
    finished = it.tick()
    assert finished.outcome is Outcome.PENDING
    assert finished.reason.startswith("new has 5 % of production; 0 canary requests")
    assert "the next look is due at 2026-11-22T00:01:01Z" in finished.reason
    assert finished.reason.endswith("the deadline is 2026-11-22T01:00:00Z")
    assert "result" not in finished.evidence.fields
    again = it.tick(after_ms=65_000)
    assert again.outcome is Outcome.PENDING
    assert "new has 25 % of production; 162 canary requests in 1 block:" in again.reason
    assert again.evidence.fields["blocks"] == 1


def test_resumed_runs_go_on_with_the_same_rollout_to_its_end() -> None:
    it = Project()
    outcomes = [it.tick(after_ms=70_000).outcome]
    while outcomes[-1] is Outcome.PENDING:
        outcomes.append(it.tick(after_ms=70_000).outcome)
    assert outcomes[-1] is Outcome.OPEN
    assert len(outcomes) > 3
    assert sum(isinstance(e, RolloutStarted) for e in it.events) == 1
    assert it.target.live == NEW
    [end] = [e for e in it.events if isinstance(e, RolloutFinished)]
    assert end.result is RolloutResult.PROMOTED
    assert it.events[-2].evidence.fields["cause"] == "evidence"  # type: ignore[union-attr]


def test_a_bad_release_closes_its_gate_at_the_tick_that_finds_it_out() -> None:
    it = Project(Behaviour(fails=0.3))
    assert it.tick().outcome is Outcome.PENDING
    assert it.tick(after_ms=300_000).outcome is Outcome.CLOSED
    assert it.target.live == OLD
    assert it.target.canary is None


def test_a_run_that_was_pending_for_its_rollout_waits_for_another_attempt() -> None:
    it = Project()
    it.tick()
    run, effects = advance("R", it.run, RunResumed())
    assert len(effects) == 1
    assert isinstance(run.stage("canary").rollout[0], RolloutStarted)


def test_a_rollout_does_not_begin_without_its_sources() -> None:
    it = Project(is_open=False)
    finished = it.tick()
    assert finished.outcome is Outcome.BROKEN
    assert "no token -- set TOKEN" in finished.reason
    assert not any(isinstance(e, RolloutStarted) for e in it.events)


def test_a_rollout_that_began_is_rolled_back_without_its_sources() -> None:
    it = Project(Behaviour(fails=0.3))
    it.tick()
    it.is_open = False
    assert it.tick(after_ms=300_000).outcome is Outcome.CLOSED
    assert it.target.live == OLD
    assert any("cannot be opened: no token" in line for _, line in it.observer.lines)


@pytest.mark.parametrize("fault", [PermanentError("the engine is gone")])
def test_a_tick_whose_target_is_out_of_reach_is_broken_and_can_be_repeated(
    fault: PermanentError,
) -> None:
    it = Project()
    it.tick()
    fine = it.fakes.target

    def gone(_environment: str) -> FakeTarget:
        raise fault

    it.fakes.target = gone
    assert it.tick(after_ms=70_000).outcome is Outcome.BROKEN
    it.fakes.target = fine
    assert it.tick(after_ms=70_000).outcome is Outcome.PENDING
    assert sum(isinstance(e, RolloutStarted) for e in it.events) == 1
