"""Unit tests of `sluicegate.engine.explaining`: the gates of a stage of a run."""

from dataclasses import replace

import run_events
from run_events import NOW, RUN_ID, begin, end
from run_world import pipeline, stage

from sluicegate.engine.explaining import explain_stage, meanings_of
from sluicegate.engine.machine import fold
from sluicegate.gates.explanation import ExplainedGate
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    EnvironmentEntered,
    Event,
    GateRecord,
    PlannedStage,
    ReleaseRequested,
    StageFinished,
    StageSkipped,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.stages.pipeline import Pipeline

PIPELINE = pipeline(stage("first"), stage("second", "first"))
STARTED = run_events.started(
    PlannedStage("first", "count", ()),
    PlannedStage("second", "count", ("first",)),
    PlannedStage("canary", "canary", ("first",)),
)


def ended(
    name: str, outcome: Outcome, text: str, reason: str, fields: dict[str, Value]
) -> StageFinished:
    verdict = Verdict(outcome.value)
    gate = GateRecord(
        Digest.of(b""), verdict, (ConditionResult(text, verdict, f"{text}: {reason}"),)
    )
    return replace(end(name, outcome, evidence=Evidence(fields)), gate=gate)


FIRST: list[Event] = [
    begin("first"),
    ended("first", Outcome.OPEN, "first.lines == 0", "it is 0", {"lines": 0}),
]


def explain(
    name: str, *events: Event, what: Pipeline | None = PIPELINE
) -> tuple[ExplainedGate, ...]:
    history = [STARTED, *events]
    return explain_stage(fold(RUN_ID, history), history, name, what)


def test_a_gate_is_told_with_what_it_read() -> None:
    (gate,) = explain("first", *FIRST)

    assert (gate.environment, gate.verdict) == (None, Verdict.OPEN)
    (rule,) = gate.rules
    assert rule.text == "first.lines == 0"
    assert [(each.name, each.value) for each in rule.readings] == [("first.lines", 0)]
    assert rule.readings[0].meaning == "Lines printed."


def test_a_gate_is_told_without_a_pipeline_file() -> None:
    (gate,) = explain("first", *FIRST, what=None)

    assert [each.name for each in gate.rules[0].readings] == ["first.lines"]


def test_the_evidence_before_a_stage_is_known_too() -> None:
    text = "second.lines <= first.lines"
    second = ended("second", Outcome.CLOSED, text, "second.lines was not measured", {})

    (gate,) = explain("second", *FIRST, begin("second"), second)

    assert [(each.name, each.value) for each in gate.rules[0].readings] == [
        ("first.lines", 0),
        ("second.lines", None),
    ]


def test_a_stage_that_was_not_run_shows_what_its_gate_would_ask() -> None:
    closed = ended("first", Outcome.CLOSED, "first.lines == 0", "it is 2", {"lines": 2})
    skipped = StageSkipped("second", "first is closed")

    (gate,) = explain("second", begin("first"), closed, skipped)

    assert gate.verdict is None
    assert gate.reason == "the stage was not run: first is closed"
    assert [rule.text for rule in gate.rules] == ["second.lines == 0"]


def test_a_stage_that_has_not_begun_or_not_ended_says_so() -> None:
    (waiting,) = explain("second")
    (running,) = explain("second", *FIRST, begin("second"))

    assert waiting.reason == "the stage has not begun"
    assert running.reason == "the stage has not ended"


def test_a_stage_that_broke_says_why_no_gate_judged_it() -> None:
    broke = end("first", Outcome.BROKEN, reason="it crashed")

    (gate,) = explain("first", begin("first"), broke)

    assert (gate.verdict, gate.reason) == (None, "it crashed")


# --- the entry gate --------------------------------------------------------------

ASKED = ReleaseRequested(
    "canary", "production", Digest.of(b"r"), Digest.of(b"p"), NOW, NOW
)
APPROVALS = ConditionResult("approvals as s.yaml asks", Verdict.OPEN, "approved by ann")
ENTERED = EnvironmentEntered(
    stage="canary",
    environment="production",
    policy=Digest.of(b"p"),
    branch="refs/heads/main",
    commit="a" * 40,
    conditions=(APPROVALS,),
    approvals=(),
    override=False,
    size=7,
)


def test_an_entry_that_waits_is_told_and_the_gate_behind_it_was_not_judged() -> None:
    text = "first.lines == 0"
    waits = ended("canary", Outcome.PENDING, text, "it is 0", {})

    entry, gate = explain("canary", *FIRST, begin("canary"), ASKED, waits)

    assert (entry.environment, entry.verdict) == ("production", Verdict.PENDING)
    assert entry.rules[0].readings[0].value == 0
    assert (gate.verdict, gate.reason) == (None, "the entry gate comes first")


def test_an_entry_that_opened_is_told_before_the_gate_of_the_stage() -> None:
    text = "canary.promoted == true"
    fields: dict[str, Value] = {"promoted": True}
    done = ended("canary", Outcome.OPEN, text, "it is true", fields)

    entry, gate = explain("canary", *FIRST, begin("canary"), ASKED, ENTERED, done)

    assert (entry.environment, entry.verdict) == ("production", Verdict.OPEN)
    assert entry.rules[0].reason == "approved by ann"
    assert (gate.environment, gate.verdict) == (None, Verdict.OPEN)
    assert gate.rules[0].readings[0].value is True


def test_a_rollout_that_goes_on_has_entered() -> None:
    entry, gate = explain("canary", *FIRST, begin("canary"), ASKED, ENTERED)

    assert entry.verdict is Verdict.OPEN
    assert gate.reason == "the stage has not ended"


def test_a_canary_without_rules_has_its_own_gate_alone() -> None:
    fields: dict[str, Value] = {"promoted": False}
    text = "canary.promoted == true"
    done = ended("canary", Outcome.CLOSED, text, "it is false", fields)

    (gate,) = explain("canary", *FIRST, begin("canary"), done)

    assert (gate.environment, gate.verdict) == (None, Verdict.CLOSED)


def test_evidence_of_the_stable_release_means_the_same() -> None:
    meanings = meanings_of(PIPELINE.stages)

    assert meanings["first.lines"] == ("", "Lines printed.")
    assert meanings["stable.first.lines"] == ("", "Lines printed. (stable release)")
    assert meanings["environment.release_age_hours"][0] == "hours"
