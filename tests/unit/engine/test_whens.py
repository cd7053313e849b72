"""Unit tests of `sluicegate.engine.whens`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes import START, FakePorts
from fakes_target import release
from handed_over import FakeGiver
from run_world import World, outcome, pipeline, stage
from typing_extensions import override

from sluicegate.config.whens import FACTS
from sluicegate.engine.handing import Handing
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.engine.whens import facts, judge_when, look_up
from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.kinds import FieldType
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Decision, Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.source import Source
from sluicegate.model.state_item import StableRelease
from sluicegate.ports.stable import StableEvidence, StableReleases
from sluicegate.stages.pipeline import AuditSettings, NamedStage, Pipeline

PIPELINE = Pipeline(
    name="p_release_v1.0",
    stages=(),
    environments={},
    audit=AuditSettings("dir:audit", timedelta(days=400)),
    definition=Digest.of(b""),
)
SOURCE = Source("/project", "a" * 40, "main", None, (), None)
NAMES = (*FACTS, "label.os", "test.failed")


def situation(source: Source = SOURCE, **labels: str) -> Situation:
    return Situation(PIPELINE, source, "R", labels)


def finished(**fields: Value) -> StageFinished:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return StageFinished(
        stage="test",
        attempt=1,
        outcome=Outcome.OPEN,
        reason="",
        gate=None,
        evidence=Evidence(fields),
        tools=(),
        subjects=(),
        usage=ResourceUsage(1),
        start_ts=now,
        end_ts=now,
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('git.branch == "main"', Verdict.OPEN),
        ('git.branch == "dev"', Verdict.CLOSED),
        ('git.tag.startsWith("v")', Verdict.CLOSED),
        ("!git.dirty", Verdict.OPEN),
        ('label.os == "linux"', Verdict.CLOSED),
        ('label.os == ""', Verdict.OPEN),
        ("test.failed == 0", Verdict.OPEN),
        ('test.failed > 0 || git.branch == "main"', Verdict.OPEN),
    ],
)
def test_a_condition_asks_git_labels_and_evidence(text: str, verdict: Verdict) -> None:
    condition = compile_condition(text, NAMES)

    assert judge_when(condition, situation(), [finished(failed=0)]).verdict is verdict


def test_a_label_and_a_tag_are_seen_where_they_are() -> None:
    tagged = situation(replace(SOURCE, tag="v1.2"), os="linux")

    for text in ('label.os == "linux"', 'git.tag == "v1.2"'):
        decision = judge_when(compile_condition(text, NAMES), tagged, [])
        assert decision.verdict is Verdict.OPEN


def test_evidence_that_was_not_measured_is_no_answer_either_way() -> None:
    condition = compile_condition("test.failed == 0", NAMES)

    with pytest.raises(PermanentError, match="was not measured"):
        judge_when(condition, situation(), [finished()])


def test_every_fact_that_can_be_asked_is_answered() -> None:
    assert facts(situation()).keys() == FACTS.keys()


# --- what is released ------------------------------------------------------------

LOSS = "stable.train.loss"
RELEASED_NAMES: dict[str, FieldType] = {
    **FACTS,
    LOSS: "number",
    "environment.first_release": "boolean",
    "environment.release_age_hours": "number",
}
RELEASE = StableRelease("production", release("v1"), "R0", START, 7)


def asking(text: str) -> NamedStage:
    condition = compile_condition(text, RELEASED_NAMES, RELEASED_NAMES)
    return replace(stage("train"), when=condition, when_in="production")


def ports_with(loss: Value | None) -> FakePorts:
    fakes = FakePorts()
    fields: dict[str, dict[str, Value]] = {"train": {}}
    if loss is not None:
        fields["train"]["loss"] = loss
    fakes.stable.released["production"] = StableEvidence(RELEASE, fields)
    return fakes


def judge(text: str, ports: Ports) -> Decision:
    named = asking(text)
    assert named.when is not None
    return judge_when(named.when, situation(), [], look_up(named, ports))


@pytest.mark.parametrize(
    ("text", "loss", "verdict"),
    [
        (f"{LOSS} > 0.03", 0.04, Verdict.OPEN),
        (f"{LOSS} > 0.03", 0.03, Verdict.CLOSED),
        (f'{LOSS} > 0.03 && git.branch == "dev"', 0.04, Verdict.CLOSED),
        ("environment.release_age_hours >= 720.0", 0.01, Verdict.CLOSED),
        ("environment.first_release", 0.01, Verdict.CLOSED),
    ],
)
def test_a_condition_asks_what_is_released(
    text: str, loss: float, verdict: Verdict
) -> None:
    assert judge(text, ports_with(loss).ports()).verdict is verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (f"{LOSS} > 0.03", Verdict.OPEN),
        (f"{LOSS} < 0.03", Verdict.OPEN),
        (f'git.branch == "dev" && {LOSS} > 0.03', Verdict.CLOSED),
        (f'{LOSS} > 0.03 && git.branch == "dev"', Verdict.CLOSED),
        (f'git.branch == "main" || {LOSS} > 0.03', Verdict.OPEN),
    ],
)
def test_a_stage_runs_where_its_answer_hangs_on_what_nobody_knows(
    text: str, verdict: Verdict
) -> None:
    unmeasured = judge(text, ports_with(None).ports())
    nothing = judge(text, FakePorts().ports())

    assert (unmeasured.verdict, nothing.verdict) == (verdict, verdict)
    if verdict is Verdict.OPEN and "main" not in text:
        assert unmeasured.reason.endswith(
            "not measured of what is released in production"
        )
        assert nothing.reason.endswith("nothing is released in production")


def test_a_figure_that_was_a_text_then_was_not_measured() -> None:
    decision = judge(f"{LOSS} > 0.03", ports_with("low").ports())

    assert decision.verdict is Verdict.OPEN
    assert "not measured" in decision.reason
    assert judge(f"{LOSS} > 0.03", ports_with(1).ports()).verdict is Verdict.OPEN
    assert judge(f"{LOSS} > 0.03", ports_with(0).ports()).verdict is Verdict.CLOSED


def test_a_first_release_is_known_to_be_one() -> None:
    assert judge("environment.first_release", FakePorts().ports()).verdict is (
        Verdict.OPEN
    )


class NoLog(StableReleases):
    """Nobody knows what is released."""

    @override
    def of(self, environment: str) -> StableEvidence | None:
        raise PermanentError(f"no log, so nothing is known of {environment}")


def test_without_a_log_there_is_no_answer_unless_it_needs_none() -> None:
    ports = replace(FakePorts().ports(), stable=NoLog())

    with pytest.raises(PermanentError, match="no log"):
        judge(f"{LOSS} > 0.03", ports)
    decision = judge(f'git.branch == "dev" && {LOSS} > 0.03', ports)
    assert decision.verdict is Verdict.CLOSED


def test_a_job_that_hands_over_leaves_it_to_the_one_that_has_the_log() -> None:
    ports = replace(
        FakePorts().ports(), stable=NoLog(), handing=Handing(giver=FakeGiver())
    )

    decision = judge(f"{LOSS} > 0.03", ports)

    assert decision.verdict is Verdict.OPEN
    assert "whoever takes the result over decides" in decision.reason


def test_a_stage_that_asks_nothing_of_a_release_reads_no_log() -> None:
    ports = replace(FakePorts().ports(), stable=NoLog())

    assert look_up(stage("train"), ports).values == {}


@pytest.mark.parametrize(("loss", "runs"), [(0.04, True), (0.02, False)])
def test_a_scheduled_run_trains_only_if_what_is_live_is_not_good_enough(
    loss: float, *, runs: bool
) -> None:
    train = asking(f"{LOSS} > 0.03")
    world = World(pipeline(stage("data"), replace(train, needs=("data",))))
    world.fakes.stable = ports_with(loss).stable

    run = world.start()

    assert outcome(run) is Outcome.OPEN
    assert ("train" in world.programs()) is runs
    if not runs:
        assert run.stage("train").skipped == f"when: {LOSS} > 0.03: it is 0.02"
