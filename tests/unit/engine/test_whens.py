"""Unit tests of `sluicegate.engine.whens`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.config.whens import FACTS
from sluicegate.engine.situation import Situation
from sluicegate.engine.whens import facts, judge_when
from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.source import Source
from sluicegate.stages.pipeline import AuditSettings, Pipeline

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
