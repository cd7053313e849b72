"""Unit tests of `sluicegate.engine.unrecorded`: judged, and not recorded."""

from dataclasses import replace

from fakes import exited
from run_world import World, outcome, pipeline, stage

from sluicegate.engine.runner import Runner
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.run import Phase, Run
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.publish import PublishStage

PIPELINE = pipeline(
    stage("test"),
    NamedStage("publish", PublishStage(uses="publish"), ("test",), Gate(())),
    NamedStage(
        "canary",
        CanaryStage(uses="canary", environment="production"),
        ("test",),
        Gate(()),
    ),
    stage("after", "canary"),
)


def judge(said: bytes = b"") -> tuple[Run, World]:
    world = World(PIPELINE)
    world.fakes.process.answers["test"] = exited(0, said)
    ports = replace(world.fakes.ports(), records=False)
    runner = Runner(PIPELINE, world.source, ports, world.record, world.observer)
    return runner.start("R", world.started()), world


def test_what_runs_programs_is_judged() -> None:
    run, _ = judge()
    assert run.stage("test").outcome is Outcome.OPEN

    run, _ = judge(b"bad\n")
    assert run.stage("test").outcome is Outcome.CLOSED


def test_what_publishes_or_releases_is_closed_and_has_done_nothing() -> None:
    run, world = judge()

    for name in ("publish", "canary"):
        found = run.stage(name).finished
        assert found is not None
        assert found.outcome is Outcome.CLOSED
        assert found.reason.startswith("NOT RECORDED")
        assert found.gate is not None
        assert found.gate.verdict is Verdict.CLOSED
    assert world.fakes.registry.pushed == []
    assert run.stage("after").phase is Phase.SKIPPED
    assert outcome(run) is Outcome.CLOSED
