"""Unit tests of runs that compare with a model which whoever judges reads himself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fakes import exited
from fakes_secrets import FakeKeeper, settings
from handed_over import ANNOUNCED, FakeGiver, Parcel, begun_with, runner_with, take
from run_events import end
from run_world import World, outcome, pipeline
from typing_extensions import override

from sluicegate.engine.forecast import Forecast, forecast
from sluicegate.engine.handing import Handing
from sluicegate.engine.machine import fold
from sluicegate.engine.runner import Runner
from sluicegate.engine.selection import Selection, choose_stages
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.champion import Champion
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.rollout import Release
from sluicegate.model.run import Run
from sluicegate.model.state_item import StableRelease
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.ports.stable import StableEvidence, StableReleases
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.evaluation.champions import MlflowChampion
from sluicegate.stages.pipeline import NamedStage

STAGE = CompareStage.model_validate(
    {
        "uses": "compare",
        "candidate": "new.jsonl",
        "champion": {"uses": "stable", "environment": "production"},
        "metrics": {"accuracy": {"margin": 0.05}},
    }
)
NAME = "compare"


def named() -> NamedStage:
    types = {f"{NAME}.{spec.name}": spec.type for spec in STAGE.fields()}
    texts = STAGE.default_gate(NAME)
    gate = Gate(tuple(compile_condition(each, types, types) for each in texts))
    return NamedStage(NAME, STAGE, (), gate)


def answers(wrong: int, n: int = 400) -> bytes:
    """As many examples, of which the first *wrong* are not as they should be."""
    rows = (f'{{"id": {at}, "y": 1, "yhat": {int(at >= wrong)}}}' for at in range(n))
    return "\n".join(rows).encode()


def release(name: str) -> Release:
    return Release(Digest.of(name.encode()), name, "c" * 40)


class Unknown(StableReleases):
    """Nobody knows what is stable here."""

    @override
    def of(self, environment: str) -> StableEvidence | None:
        raise PermanentError(f"nobody knows what is stable in {environment}")


def world(candidate: bytes = answers(10)) -> World:
    """A project with *candidate*."""
    found = World(pipeline(named()))
    found.fakes.process.answers["sh"] = exited(0)
    place = f"/output/{NAME}-1/candidate.jsonl"
    found.fakes.workspace.files[place] = candidate
    return found


def let_be_stable(where: World, predictions: bytes, name: str = "v1") -> None:
    digest = where.fakes.evidence.keep(predictions)
    file = EvidenceFile("candidate.jsonl", "application/jsonl", 1, digest)
    found = Evidence({"candidate_digest": str(digest)}, (file,))
    ended = replace(end(NAME, evidence=found), outcome=Outcome.OPEN)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    stable = StableRelease("production", release(name), f"R-{name}", now, 7)
    pipeline = "churn_release_v0.9"
    fields, ends = {NAME: found.fields}, {NAME: ended}
    known = StableEvidence(stable, fields, ends, f"R-{name}", pipeline)
    where.fakes.stable.released["production"] = known


def finished(run: Run) -> StageFinished:
    found = run.stage(NAME).finished
    assert found is not None
    return found


@dataclass
class Untrusted:
    """A job without the log, which runs the stage and hands over what came out."""

    world: World
    giver: FakeGiver = field(default_factory=FakeGiver)

    def run(self, stable: StableReleases) -> Run:
        where = self.world
        ports = replace(
            where.fakes.ports(), handing=Handing(giver=self.giver), stable=stable
        )
        return run_with(where, ports)

    def parcel(self) -> Parcel:
        (raw,) = self.giver.raw
        return Parcel.of(raw, self.world.fakes.evidence)


def run_with(where: World, ports: Ports) -> Run:
    runner = Runner(
        where.pipeline, where.source, ports, where.record, where.observer, jobs=1
    )
    return runner.start("R", where.started())


def test_a_run_is_judged_by_what_the_stable_release_answered() -> None:
    outcomes = {}
    for wrong in (10, 150):
        here = world(answers(wrong))
        let_be_stable(here, answers(10))
        run = here.start()
        outcomes[wrong] = outcome(run)
        found = finished(run)
        assert found.evidence.fields["champion_version"] == "v1 in production"
        assert found.evidence.fields["champion_run"] == "R-v1"
        assert found.evidence.fields["champion_digest"] == str(Digest.of(answers(10)))
        kept = {file.name: file.digest for file in found.evidence.files}
        assert kept["champion.jsonl"] == Digest.of(answers(10))
        assert b'"run": "R-v1"' in here.fakes.evidence.load(kept["champion.json"])

    assert outcomes == {10: Outcome.OPEN, 150: Outcome.CLOSED}


def test_no_champion_is_closed_where_nobody_is_asked() -> None:
    run = world().start()

    assert outcome(run) is Outcome.CLOSED
    assert "nothing is released in production" in finished(run).reason


def test_a_champion_that_nobody_knows_breaks_a_run_before_it_does_anything() -> None:
    here = world()

    run = run_with(here, replace(here.fakes.ports(), stable=Unknown()))

    assert finished(run).outcome is Outcome.BROKEN
    assert "nobody knows what is stable" in finished(run).reason
    assert here.fakes.process.ran == []


def plan(where: World) -> tuple[Forecast, ...]:
    situation = Situation(where.pipeline, where.source, "R")
    chosen = choose_stages(where.pipeline, Selection())
    return forecast(situation, chosen, (), where.fakes.ports())


def test_another_stable_release_is_another_question() -> None:
    first = world()
    let_be_stable(first, answers(10))
    first.start()

    same = first.again()
    assert finished(same.start()).cached is not None
    let_be_stable(first, answers(10), "v2")
    other = first.again()
    (told,) = plan(other)
    run = other.start()

    assert told.changed == ("champion",)
    assert told.reason == "the model to beat changed"
    assert finished(run).cached is None
    assert finished(run).evidence.fields["champion_run"] == "R-v2"


def test_who_takes_it_over_reads_the_champion_himself() -> None:
    there = Untrusted(world(answers(100)))
    ran = there.run(Unknown())
    assert finished(ran).outcome is Outcome.PENDING
    assert finished(ran).reason.startswith("whoever takes it over can tell: nobody")

    outcomes: Mapping[int, Outcome | None] = {
        wrong: _judge(there.parcel(), answers(wrong)) for wrong in (100, 0)
    }

    assert outcomes == {100: Outcome.OPEN, 0: Outcome.CLOSED}


def _judge(parcel: Parcel, champion: bytes) -> Outcome | None:
    here = World(pipeline(named()))
    let_be_stable(here, champion)
    started = begun_with(here, [ANNOUNCED.digest])
    run = runner_with(here, take(parcel)).start("R", started)
    assert here.fakes.process.ran == []
    return outcome(run)


def test_a_job_cannot_hand_over_a_champion_of_its_own() -> None:
    there = Untrusted(world(answers(10)))
    there.run(Unknown())
    parcel = there.parcel()
    (step,) = parcel.result.steps
    (candidate,) = step.files.values()
    forged = replace(step, files={**step.files, "champion.jsonl": candidate})
    second = replace(step, name="champion", files={"champion.jsonl": candidate})

    for steps in ((forged,), (step, second)):
        here = World(pipeline(named()))
        let_be_stable(here, answers(0))
        started = begun_with(here, [ANNOUNCED.digest])
        run = runner_with(here, take(parcel.but(steps=steps))).start("R", started)

        assert finished(run).outcome is Outcome.BROKEN
        assert "handed over" in finished(run).reason


def test_what_nobody_who_takes_it_over_can_tell_stays_broken() -> None:
    there = Untrusted(world())
    there.run(Unknown())
    here = World(pipeline(named()))
    ports = replace(here.fakes.ports(), handing=take(there.parcel()), stable=Unknown())

    run = run_with(here, ports)

    assert finished(run).outcome is Outcome.BROKEN
    assert fold("R", here.record.all()).stage(NAME).outcome is Outcome.BROKEN


def test_who_takes_it_over_and_hands_over_leaves_it_to_the_next() -> None:
    there = Untrusted(world())
    there.run(Unknown())
    here = World(pipeline(named()))
    handing = replace(take(there.parcel()), giver=FakeGiver())
    ports = replace(here.fakes.ports(), handing=handing, stable=Unknown())

    run = run_with(here, ports)

    assert finished(run).outcome is Outcome.PENDING


def test_a_job_that_knows_the_champion_judges_and_hands_over_the_same() -> None:
    there = Untrusted(world(answers(100)))
    let_be_stable(there.world, answers(100))

    ran = there.run(there.world.fakes.stable)

    assert finished(ran).outcome is Outcome.OPEN
    assert _judge(there.parcel(), answers(0)) is Outcome.CLOSED


def with_registry(where: World, keeper: FakeKeeper) -> Ports:
    """The ports of *where*, whose model to beat is in a registry with a login."""
    source = {
        "uses": "mlflow",
        "url": "https://mlflow.example",
        "model": "churn",
        "predictions": "old.jsonl",
        "auth": {"bearer": {"env": "MLFLOW_TOKEN"}},
    }
    asks = STAGE.model_copy(
        update={"champion": CompareStage.model_validate(
            {**STAGE.model_dump(by_alias=True, exclude_unset=True), "champion": source}
        ).champion}
    )  # fmt: skip
    (stage,) = where.pipeline.stages
    use = {"from": "bao", "path": "ml/mlflow", "stages": [NAME]}
    where.pipeline = replace(
        pipeline(replace(stage, stage=asks)), secrets=settings({"MLFLOW_TOKEN": use})
    )
    where.fakes.keepers = {"bao": keeper}

    def ask(_source: MlflowChampion, given: GivenSecrets) -> Champion:
        assert given() == {"MLFLOW_TOKEN": "a-token-of-today"}
        return Champion(answers(10), "old.jsonl", "churn version 1", "r", {})

    return replace(where.fakes.ports(), champion=ask)


def keeper() -> FakeKeeper:
    return FakeKeeper("bao", {"ml/mlflow": "a-token-of-today"})


def kinds(where: World) -> list[str]:
    return [type(each).__name__ for each in where.record.all()]


def test_a_registry_is_asked_with_a_secret_that_no_program_gets() -> None:
    here, bao = world(), keeper()

    run = run_with(here, with_registry(here, bao))

    assert outcome(run) is Outcome.OPEN
    assert bao.acts == ["login bao", "fetch bao", "end bao"]
    assert kinds(here)[2:4] == ["SecretsGiven", "SecretsRevoked"]
    assert here.fakes.process.ran
    assert not any("MLFLOW_TOKEN" in each.env for each in here.fakes.process.ran)


def test_a_plan_fetches_no_secret_and_says_so() -> None:
    here, bao = world(), keeper()
    ports = with_registry(here, bao)
    situation = Situation(here.pipeline, here.source, "R")

    (told,) = forecast(situation, choose_stages(here.pipeline, Selection()), (), ports)

    assert told.reason.endswith("with a secret that only a run fetches")
    assert bao.acts == []


def test_who_takes_it_over_fetches_what_he_reads_himself() -> None:
    there, here = Untrusted(world()), World(pipeline(named()))
    unable, bao = keeper(), keeper()
    unable.fail_at = frozenset({"login bao"})
    ports = with_registry(there.world, unable)
    run_with(there.world, replace(ports, handing=Handing(giver=there.giver)))
    assert there.giver.raw[0].broken is None

    ports = replace(with_registry(here, bao), handing=take(there.parcel()))
    run = Runner(
        here.pipeline, here.source, ports, here.record, here.observer, jobs=1
    ).start("R", begun_with(here, [ANNOUNCED.digest]))

    assert outcome(run) is Outcome.OPEN
    assert bao.acts == ["login bao", "fetch bao", "end bao"]
    assert kinds(here).count("SecretsGiven") == 1
