"""Unit tests of `sluicegate.report.telemetry.tracing` and of what it is made of."""

from dataclasses import replace
from datetime import timedelta

import pytest
import rollout_events
from fakes_target import Behaviour
from hypothesis import given
from rollouts import world
from run_events import RUN_ID, at, begin, end, planned
from traced_runs import (
    PARENT,
    DrawnRun,
    Trace,
    drawn_runs,
    entered,
    requested,
    result,
    run_finished,
    tell,
)

from sluicegate.engine.machine import fold
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    ConditionResult,
    Event,
    GateRecord,
    HandedOver,
    PlannedStage,
    RolloutDirected,
    RolloutFinished,
    RunInterrupted,
    RunResumed,
    StageSkipped,
)
from sluicegate.model.rollout import CanaryVerdict, Direction, RolloutResult
from sluicegate.report.telemetry.context import SpanIds
from sluicegate.report.telemetry.records import Kind, Span, Subject

LINT, CANARY = planned("lint"), PlannedStage("canary", "canary", ())
IDS = SpanIds(RUN_ID, {})


def lint(outcome: Outcome = Outcome.OPEN, **more: object) -> Trace:
    trace = Trace([LINT])
    return trace.see(
        trace.started,
        begin("lint"),
        end("lint", outcome, seconds=5, **more),  # type: ignore[arg-type]
    )


def test_a_run_is_a_server_span_and_its_stages_are_within_it() -> None:
    trace = lint().see(run_finished(seconds=60))

    run, stage = trace.only(Subject.RUN), trace.only(Subject.STAGE)

    assert (run.name, run.kind) == ("RUN p_r_v1.0", Kind.SERVER)
    assert run.attributes["cicd.pipeline.result"] == "success"
    assert run.parent_id == ""
    assert run.end - run.start == timedelta(seconds=60)
    assert (stage.name, stage.kind) == ("lint", Kind.INTERNAL)
    assert stage.parent_id == run.span_id
    assert stage.attributes["cicd.pipeline.task.run.id"] == f"{RUN_ID}/lint/1"
    assert stage.attributes["cicd.pipeline.task.type"] == "test"
    assert stage.error is run.error is None
    assert {span.trace_id for span in trace.spans} == {IDS.trace_id}


@pytest.mark.parametrize(
    ("outcome", "word", "error"),
    [
        (Outcome.OPEN, "success", None),
        (Outcome.CLOSED, "failure", "gate_closed"),
        (Outcome.PENDING, "failure", "gate_inconclusive"),
        (Outcome.BROKEN, "error", "broken"),
    ],
)
def test_an_outcome_has_a_word_of_the_conventions(
    outcome: Outcome, word: str, error: str | None
) -> None:
    trace = lint(outcome).see(run_finished(outcome, "why"))

    stage, run = trace.only(Subject.STAGE), trace.only(Subject.RUN)

    assert stage.attributes["cicd.pipeline.task.run.result"] == word
    assert run.attributes["cicd.pipeline.result"] == word
    assert stage.attributes.get("error.type") == error
    assert run.attributes.get("error.type") == error
    assert run.error == (None if error is None else "why")


def test_the_gate_and_its_conditions_are_told() -> None:
    no = ConditionResult("lint.errors == 0", Verdict.CLOSED, "it is 3")
    yes = ConditionResult("lint.warnings == 0", Verdict.OPEN, "it is so")
    finished = replace(
        end("lint", Outcome.CLOSED),
        gate=GateRecord(Digest.of(b"p"), Verdict.CLOSED, (no, yes)),
    )
    trace = Trace([LINT])

    trace.see(trace.started, begin("lint"), finished)

    stage = trace.only(Subject.STAGE)
    assert stage.attributes["sluice.gate.name"] == "lint"
    assert stage.attributes["sluice.gate.outcome"] == "closed"
    assert stage.attributes["sluice.gate.unmet"] == ("lint.errors == 0",)
    assert [each.name for each in stage.happenings] == ["sluice.gate.condition"] * 2
    assert stage.happenings[0].attributes["sluice.gate.reason"] == "it is 3"


def test_programs_are_within_their_stage_and_passed_where_they_are() -> None:
    trace = Trace([LINT])
    trace.see(trace.started, begin("lint"))

    first = trace.ran("lint", "ruff", result(0))
    second = trace.ran("lint", "ruff", result(3))

    done, failed = trace.of(Subject.COMMAND)
    assert done.parent_id == failed.parent_id == IDS.of("stage", "lint", 1)
    assert [first.span_id, second.span_id] == [done.span_id, failed.span_id]
    assert first.span_id != second.span_id
    assert first.trace_id == IDS.trace_id
    assert done.attributes["process.exit.code"] == 0
    assert done.attributes["sluice.usage.cpu_ms"] == 4
    assert failed.attributes["error.type"] == "exit_3"


def test_a_stage_that_broke_as_a_program_took_too_long_timed_out() -> None:
    trace = Trace([LINT])
    trace.see(trace.started, begin("lint"))

    trace.ran("lint", "ruff", result(-9, timed_out=True))
    trace.see(end("lint", Outcome.BROKEN))

    for span in (trace.only(Subject.COMMAND), trace.only(Subject.STAGE)):
        assert span.attributes["error.type"] == "timeout"
    said = trace.only(Subject.STAGE).attributes["cicd.pipeline.task.run.result"]
    assert said == "timeout"


def test_a_program_that_did_not_come_to_its_end_is_told_with_its_stage() -> None:
    trace = Trace([LINT])
    trace.see(trace.started, begin("lint"))
    trace.tracer.began("lint", 1, "ruff", at(1))

    trace.see(end("lint", Outcome.BROKEN, seconds=4), seconds=4)

    command = trace.only(Subject.COMMAND)
    assert command.attributes["error.type"] == "broken"
    assert command.end == at(4)


def test_a_stage_that_is_left_out_is_a_skip_that_takes_no_time() -> None:
    trace = Trace([LINT])

    trace.see(trace.started, StageSkipped("lint", "build is closed"), seconds=3)

    stage = trace.only(Subject.STAGE)
    assert stage.attributes["cicd.pipeline.task.run.result"] == "skip"
    assert stage.start == stage.end == at(3)


def test_a_run_that_was_asked_to_stop_was_cancelled() -> None:
    trace = Trace([LINT])

    trace.see(trace.started, begin("lint"), RunInterrupted("lint"), seconds=9)

    stage, run = trace.only(Subject.STAGE), trace.only(Subject.RUN)
    assert stage.attributes["cicd.pipeline.task.run.result"] == "cancellation"
    assert run.attributes["cicd.pipeline.result"] == "cancellation"
    assert stage.error is run.error is None


def test_a_run_that_was_left_without_an_end_is_told_once() -> None:
    trace = Trace([LINT])
    trace.see(trace.started, begin("lint"))

    left = trace.tracer.close(at(5))

    assert [span.subject for span in left] == [Subject.STAGE, Subject.RUN]
    assert left[1].attributes["error.type"] == "_OTHER"
    assert trace.tracer.close(at(6)) == ()


def test_a_run_joins_the_trace_that_it_was_started_in() -> None:
    trace = Trace([LINT], parent=PARENT)

    trace.see(trace.started, run_finished())

    run = trace.only(Subject.RUN)
    assert (run.trace_id, run.parent_id) == (PARENT.trace_id, PARENT.span_id)


def test_attempts_have_spans_of_their_own() -> None:
    trace = lint(Outcome.BROKEN)

    trace.see(begin("lint", 2), end("lint", attempt=2))

    first, second = trace.of(Subject.STAGE)
    assert first.span_id != second.span_id
    assert second.attributes["sluice.stage.attempt"] == 2


def test_what_another_job_has_measured_is_left_to_that_job() -> None:
    trace = Trace([LINT])
    handed = replace(
        end("lint", seconds=-500), handed_over=HandedOver(Digest.of(b""), "job")
    )

    trace.see(trace.started, begin("lint", seconds=1), handed, seconds=2)

    stage = trace.only(Subject.STAGE)
    assert (stage.start, stage.end) == (at(1), at(2))  # the judging alone
    assert "sluice.usage.wall_ms" not in stage.attributes
    assert stage.attributes["sluice.stage.handed_over"] == str(Digest.of(b""))


def test_a_release_that_waits_is_pending_and_no_failure() -> None:
    trace = Trace([CANARY])

    trace.see(trace.started, begin("canary"), requested())
    trace.see(end("canary", Outcome.PENDING), run_finished(Outcome.PENDING))

    assert trace.of(Subject.WAIT) == []  # it waits yet
    stage, run = trace.only(Subject.STAGE), trace.only(Subject.RUN)
    assert stage.attributes["cicd.pipeline.task.run.result"] == "pending"
    assert run.attributes["cicd.pipeline.result"] == "pending"
    assert stage.error is run.error is None


def events_until_waiting(trace: Trace) -> list[Event]:
    return [
        trace.started,
        begin("canary"),
        requested(seconds=10),
        end("canary", Outcome.PENDING, seconds=11),
        run_finished(Outcome.PENDING, "stopped at canary", 12),
    ]


def test_another_process_tells_how_long_a_release_waited() -> None:
    first = Trace([CANARY])
    events = events_until_waiting(first)
    first.see(*events)
    second = Trace([CANARY], run=fold(RUN_ID, events))

    second.see(RunResumed(), begin("canary", 2, 3600), entered(), seconds=3600)
    second.see(end("canary", attempt=2), run_finished(seconds=3700))

    wait = second.only(Subject.WAIT)
    assert (wait.start, wait.end) == (at(10), at(3600))
    assert wait.attributes["cicd.pipeline.run.state"] == "pending"
    assert wait.attributes["deployment.environment.name"] == "production"
    assert wait.attributes["sluice.wait.end"] == "entered"
    assert wait.trace_id == first.only(Subject.RUN).trace_id
    assert first.of(Subject.WAIT) == []


def test_who_goes_on_with_a_run_tells_a_share_of_it_within_the_first() -> None:
    first = Trace([CANARY])
    events = events_until_waiting(first)
    first.see(*events)
    second = Trace([CANARY], run=fold(RUN_ID, events))

    second.see(RunResumed(), begin("canary", 2), end("canary", attempt=2))
    second.see(run_finished())

    before, after = first.only(Subject.RUN), second.only(Subject.RUN)
    assert after.parent_id == before.span_id
    assert after.trace_id == before.trace_id
    assert after.attributes["sluice.run.resumed"]
    ids = [span.span_id for span in (*first.spans, *second.spans)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("events", "how"),
    [
        ([requested("1"), requested("2"), entered("2")], ["replaced", "entered"]),
        ([requested("1"), entered("1", override=True)], ["overridden"]),
        ([requested("1"), end("canary", Outcome.CLOSED)], ["closed"]),
        ([entered(None)], []),
    ],
)
def test_every_wait_is_told_once_and_how_it_ended(
    events: list[Event], how: list[str]
) -> None:
    trace = Trace([CANARY])

    trace.see(trace.started, begin("canary"), *events, seconds=100)

    waits = trace.of(Subject.WAIT)
    assert [wait.attributes["sluice.wait.end"] for wait in waits] == how


def rollout(result: RolloutResult) -> list[Event]:
    verdict = (
        CanaryVerdict.ABORT
        if result is RolloutResult.ROLLED_BACK
        else CanaryVerdict.PROMOTE
    )
    return [
        rollout_events.STARTED,
        CanaryReady("canary"),
        rollout_events.weight(5, 10),
        rollout_events.block(10, 70),
        RolloutDirected("canary", Direction.PAUSE, "look", (), rollout_events.at(75)),
        CanaryJudged("canary", verdict, "evidence", "because"),
        RolloutFinished("canary", result, "done", rollout_events.at(90)),
    ]


def test_a_rollout_is_a_span_with_its_blocks() -> None:
    trace = Trace([CANARY])
    trace.see(trace.started, begin("canary"), *rollout(RolloutResult.PROMOTED))

    span = trace.only(Subject.ROLLOUT)

    assert span.name == "rollout production"
    assert span.parent_id == IDS.of("stage", "canary", 1)
    assert [each.name for each in span.happenings] == [
        "sluice.weight",
        "sluice.block",
        "sluice.directed",
        "sluice.judged",
    ]
    assert span.happenings[1].attributes["sluice.canary.failed"] == 1
    assert span.attributes["sluice.rollout.result"] == "promoted"
    assert span.error is None


def test_a_rollout_that_was_rolled_back_is_an_error() -> None:
    trace = Trace([CANARY])
    trace.see(trace.started, begin("canary"), *rollout(RolloutResult.ROLLED_BACK))

    span = trace.only(Subject.ROLLOUT)

    assert span.error == "done"
    assert span.attributes["error.type"] == "rolled_back"
    assert span.attributes["sluice.rollout.cause"] == "evidence"


def test_a_rollout_is_told_whole_by_whoever_ends_it() -> None:
    whole = rollout(RolloutResult.PROMOTED)
    events: list[Event] = [
        Trace([CANARY]).started,
        begin("canary"),
        entered(None),
        *whole[:4],
        end("canary", Outcome.PENDING),
        run_finished(Outcome.PENDING),
    ]
    second = Trace([CANARY], run=fold(RUN_ID, events))

    second.see(RunResumed(), begin("canary", 2), *whole[4:], seconds=80)

    span = second.only(Subject.ROLLOUT)
    assert span.start == rollout_events.BEGAN
    assert "sluice.block" in [each.name for each in span.happenings]


@pytest.mark.parametrize(
    ("canary", "result"),
    [(Behaviour(fails=0.01), "promoted"), (Behaviour(fails=0.3), "rolled_back")],
)
def test_what_the_conductor_records_of_a_rollout_is_its_span(
    canary: Behaviour, result: str
) -> None:
    here = world(canary=canary)
    here.conduct()
    trace = Trace([CANARY])

    trace.see(trace.started, begin("canary"), *here.log.events)

    span = trace.only(Subject.ROLLOUT)
    blocks = [each for each in span.happenings if each.name == "sluice.block"]
    times = [each.at for each in span.happenings]
    assert span.attributes["sluice.rollout.result"] == result
    assert span.attributes["deployment.environment.name"] == "production"
    assert len(blocks) == len(here.blocks())
    assert times == sorted(times)
    assert span.start <= times[0]
    assert times[-1] <= span.end


def test_a_rollout_of_many_blocks_keeps_the_newest() -> None:
    whole = rollout(RolloutResult.PROMOTED)
    many = [rollout_events.block(n, n + 1) for n in range(200)]
    trace = Trace([CANARY])

    trace.see(trace.started, begin("canary"), *whole[:3], *many, *whole[4:])

    span = trace.only(Subject.ROLLOUT)
    assert len(span.happenings) == 128
    assert span.dropped == 200 + 3 - 128
    assert span.happenings[-1].name == "sluice.judged"


def test_a_rollout_that_was_held_is_inconclusive() -> None:
    trace = Trace([CANARY])
    trace.see(trace.started, begin("canary"), *rollout(RolloutResult.HELD))

    trace.see(end("canary", Outcome.PENDING))

    said = trace.only(Subject.STAGE).attributes
    assert said["error.type"] == "gate_inconclusive"


def test_the_page_of_the_run_is_that_of_its_tasks() -> None:
    trace = Trace([LINT], url="https://github.com/o/r/actions/runs/1")

    trace.see(trace.started, begin("lint"), end("lint"))

    said = trace.only(Subject.STAGE).attributes
    assert said["cicd.pipeline.task.run.url.full"] == trace.url


@given(drawn_runs())
def test_spans_of_any_run_are_one_tree_and_told_once(run: DrawnRun) -> None:
    spans = tell(run)

    ids = [span.span_id for span in spans]
    roots = [span for span in spans if not span.parent_id]
    assert len(set(ids)) == len(ids)
    assert [span.subject for span in roots] == [Subject.RUN]
    assert all(span.parent_id in ids for span in spans if span.parent_id)
    assert all(span.start <= span.end for span in spans)
    assert {span.trace_id for span in spans} == {spans[0].trace_id}


@given(drawn_runs())
def test_the_same_run_is_told_the_same_in_another_process(run: DrawnRun) -> None:
    def named(spans: list[Span]) -> list[tuple[str, str]]:
        return [(span.name, span.span_id) for span in spans]

    assert named(tell(run)) == named(tell(run))
