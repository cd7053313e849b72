"""Unit tests of `sluicegate.report.github.reason_codes`: a word for every ending."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hearings import (
    EVERYBODY,
    HOUR,
    NOW,
    REQUEST,
    REQUEST_ID,
    digest_of,
    policy,
    rejects,
    rules,
)
from rollout_events import STARTED, V2
from run_events import RUN_ID, at, end, started

from sluicegate.errors import (
    IntegrityError,
    Interrupted,
    MissingError,
    PermanentError,
    PipelineFileError,
    SluicegateError,
    TransientError,
    UsageError,
)
from sluicegate.gates.budget import Used, judge_run
from sluicegate.gates.entry import EntryFacts, judge_entry
from sluicegate.gates.rules import Policy
from sluicegate.model.budget import Budgets, Period
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    ConditionResult,
    EnvironmentEntered,
    GateRecord,
    PlannedStage,
    RolloutEvent,
    RolloutFinished,
    RunFinished,
    StageFinished,
)
from sluicegate.model.policy import After, ApprovalRule, Freeze, Window
from sluicegate.model.release_request import Approval
from sluicegate.model.rollout import CanaryVerdict, RolloutResult
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.model.state_item import Lock
from sluicegate.report.github.reason_codes import (
    ReasonCode,
    decide,
    reason_of_error,
    reason_of_run,
)
from sluicegate.report.github.shown import Unrecorded

OPEN, CLOSED, PENDING = Outcome.OPEN, Outcome.CLOSED, Outcome.PENDING
PEOPLE = rules(ApprovalRule(EVERYBODY))
LOCK = Lock("01JD", "production", "moving the database", "ssh:ann", NOW - HOUR, 3)


def stage(
    name: str,
    finished: StageFinished | None,
    *rollout: RolloutEvent,
    uses: str = "ruff",
    entered: EnvironmentEntered | None = None,
) -> StageState:
    planned = PlannedStage(name, uses, ())
    return StageState(
        planned, Phase.DONE, finished=finished, rollout=rollout, entered=entered
    )


def run(outcome: Outcome | None, *stages: StageState, **more: object) -> Run:
    begun = started(*(one.planned for one in stages), **more)
    finished = None
    if outcome is not None:
        finished = RunFinished(outcome, "because", at(0), at(1), 1000)
    return Run(RUN_ID, begun, stages, finished)


def entering(*conditions: ConditionResult, outcome: Outcome) -> StageState:
    """A canary stage that its entry gate has kept out."""
    verdict = Verdict(outcome.value)
    gate = GateRecord(Digest.of(b""), verdict, conditions)
    return stage("canary", replace(end("canary", outcome), gate=gate), uses="canary")


def rolled_out(
    result: RolloutResult, outcome: Outcome, cause: str, verdict: CanaryVerdict
) -> Run:
    events = (
        STARTED,
        CanaryJudged("canary", verdict, cause, "because"),
        RolloutFinished("canary", result, "because", at(1)),
    )
    ended = stage("canary", end("canary", outcome), *events, uses="canary")
    return run(outcome, stage("test", end("test")), ended)


def test_a_run_whose_gates_all_opened_is_open() -> None:
    assert reason_of_run(run(OPEN, stage("t", end("t")))) is ReasonCode.GATES_OPEN


def test_a_gate_that_said_no_is_closed() -> None:
    closed = run(CLOSED, stage("lint", end("lint")), stage("t", end("t", CLOSED)))

    assert reason_of_run(closed) is ReasonCode.GATE_CLOSED


def test_a_tool_that_failed_is_no_judgement() -> None:
    broken = run(Outcome.BROKEN, stage("t", end("t", Outcome.BROKEN)))

    assert reason_of_run(broken) is ReasonCode.TOOL_BROKEN


def test_a_run_without_an_end_was_interrupted() -> None:
    assert reason_of_run(run(None, stage("t", None))) is ReasonCode.INTERRUPTED


def test_a_pending_stage_that_waits_for_nobody_is_waiting() -> None:
    pending = run(PENDING, stage("t", end("t", PENDING)))

    assert reason_of_run(pending) is ReasonCode.WAITING


OFFICE_HOURS = Window("0 9 * * 2", timedelta(hours=1))  # on Tuesdays; it is Monday
FROZEN = Freeze("holidays", start=NOW - HOUR, end=NOW + HOUR)
CASES = {
    "approval-missing": (policy(PEOPLE), (), None),
    "approval-rejected": (policy(PEOPLE), (rejects("bob@acme.org"),), None),
    "request-outdated": (
        replace(policy(PEOPLE), digest=digest_of("other rules")),
        (),
        None,
    ),
    "pipeline-unknown": (policy(PEOPLE), (), frozenset({digest_of("another")})),
    "window-closed": (policy(replace(rules(), windows=(OFFICE_HOURS,))), (), None),
    "order-not-met": (policy(replace(rules(), after=(After("staging"),))), (), None),
}


@pytest.mark.parametrize(("word", "case"), CASES.items(), ids=CASES)
def test_an_entry_gate_that_keeps_a_release_out_says_which_rule_it_was(
    word: str,
    case: tuple[Policy, tuple[Approval, ...], frozenset[Digest] | None],
) -> None:
    rules_, answers, known = case
    facts = EntryFacts(NOW, REQUEST_ID, REQUEST, answers, definitions=known)
    decision = judge_entry(rules_, facts)
    outcome = Outcome.of(decision.verdict)

    kept_out = run(outcome, entering(*decision.conditions, outcome=outcome))

    assert reason_of_run(kept_out) is ReasonCode(word)


def test_a_freeze_is_a_closed_window_and_a_lock_is_a_lock() -> None:
    frozen = EntryFacts(NOW, REQUEST_ID, REQUEST)
    locked = EntryFacts(NOW, REQUEST_ID, REQUEST, lock=LOCK)
    of_freeze = judge_entry(policy(replace(rules(), freezes=(FROZEN,))), frozen)
    of_lock = judge_entry(policy(rules()), locked)

    assert of_freeze.verdict is of_lock.verdict is Verdict.PENDING
    assert [
        reason_of_run(run(PENDING, entering(*one.conditions, outcome=PENDING)))
        for one in (of_freeze, of_lock)
    ] == [ReasonCode.WINDOW_CLOSED, ReasonCode.ENVIRONMENT_LOCKED]


def test_people_are_waited_for_before_anything_else_is() -> None:
    facts = EntryFacts(NOW, REQUEST_ID, REQUEST, lock=LOCK)
    conditions = judge_entry(policy(PEOPLE), facts).conditions

    waiting = run(PENDING, entering(*conditions, outcome=PENDING))

    assert reason_of_run(waiting) is ReasonCode.APPROVAL_MISSING


def test_a_condition_that_is_written_like_a_rule_is_none_in_another_stage() -> None:
    gate = GateRecord(
        Digest.of(b""),
        Verdict.CLOSED,
        (ConditionResult("no lock", Verdict.CLOSED, "it says so"),),
    )
    closed = run(CLOSED, stage("t", replace(end("t", CLOSED), gate=gate)))

    assert reason_of_run(closed) is ReasonCode.GATE_CLOSED


def test_a_release_that_only_an_override_let_in_is_never_just_open() -> None:
    entered = EnvironmentEntered(
        *("canary", "production", Digest.of(b""), "main", "d" * 40, (), ()),
        override=True,
        size=7,
    )
    opened = run(OPEN, stage("canary", end("canary"), uses="canary", entered=entered))

    assert reason_of_run(opened) is ReasonCode.OVERRIDDEN


@pytest.mark.parametrize(
    ("result", "outcome", "cause", "verdict", "code"),
    [
        ("promoted", OPEN, "evidence", "promote", "gates-open"),
        ("promoted", OPEN, "deadline", "promote", "deadline"),
        ("rolled_back", CLOSED, "evidence", "abort", "canary-aborted"),
        ("rolled_back", CLOSED, "directed", "abort", "canary-aborted"),
        ("rolled_back", CLOSED, "deadline", "abort", "deadline"),
        ("held", PENDING, "deadline", "hold", "canary-held"),
    ],
)
def test_how_a_rollout_ended_is_told(
    result: str, outcome: Outcome, cause: str, verdict: str, code: str
) -> None:
    ended = rolled_out(RolloutResult(result), outcome, cause, CanaryVerdict(verdict))

    assert reason_of_run(ended) is ReasonCode(code)


def test_a_rollout_that_goes_on_is_running() -> None:
    pending = end("canary", PENDING)
    under_way = run(PENDING, stage("canary", pending, STARTED, uses="canary"))

    assert STARTED.canary == V2
    assert reason_of_run(under_way) is ReasonCode.CANARY_RUNNING


def test_a_budget_that_is_used_up_is_told_for_a_run_and_for_a_stage() -> None:
    budgets = Budgets(runs={Period.DAY: 1})
    refused = judge_run(budgets, {Period.DAY: Used(runs=1)}, NOW)
    assert refused is not None
    gate = GateRecord(Digest.of(b""), Verdict.CLOSED, (refused,))
    of_stage = run(CLOSED, stage("t", replace(end("t", CLOSED), gate=gate)))
    of_run = run(CLOSED, stage("t", None), over_budget=refused)

    assert reason_of_run(of_stage) is ReasonCode.BUDGET_USED_UP
    assert reason_of_run(of_run) is ReasonCode.BUDGET_USED_UP


@pytest.mark.parametrize("uses", ["publish", "canary"])
def test_what_is_refused_for_want_of_a_log_says_so(uses: str) -> None:
    outside = stage("out", end("out", CLOSED), uses=uses)
    refused = run(CLOSED, stage("t", end("t")), outside)
    closed_before = run(CLOSED, stage("t", end("t", CLOSED)), outside)

    assert reason_of_run(refused, Unrecorded.NO_KEY) is ReasonCode.NOT_RECORDED
    assert reason_of_run(refused) is ReasonCode.GATE_CLOSED
    assert reason_of_run(closed_before, Unrecorded.NO_KEY) is ReasonCode.GATE_CLOSED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (IntegrityError("x"), "tampered"),
        (MissingError("x"), "tampered"),
        (PipelineFileError(["f:1: x"]), "pipeline-file"),
        (UsageError("x"), "usage"),
        (TransientError("x"), "try-again"),
        (PermanentError("x"), "tool-broken"),
        (Interrupted("x"), "interrupted"),
        (SluicegateError("x"), "internal-error"),
        (ValueError("x"), "internal-error"),
    ],
)
def test_every_error_has_a_word(error: Exception, code: str) -> None:
    assert reason_of_error(error) is ReasonCode(code)


def test_only_open_goes_on_and_only_pending_waits() -> None:
    words = ("open", "closed", "pending", "broken", "usage", "tampered", "interrupted")

    assert [decide(word) for word in words] == [
        *("continue", "stop", "wait"),
        *("stop", "stop", "stop", "stop"),
    ]
    assert decide("a word of tomorrow") == "stop"


def test_every_word_is_documented_with_its_verdicts_and_none_is_made_up() -> None:
    page = (Path(__file__).parents[4] / "docs" / "action.md").read_text()
    table = page.partition("## Reason codes")[2].partition("## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]

    assert [row[1].strip(" `") for row in rows] == [
        *dict.fromkeys(row[1].strip(" `") for row in rows)
    ]
    assert {row[1].strip(" `") for row in rows} == {each.value for each in ReasonCode}
    words = {"open", "closed", "pending", "broken", "usage", "tampered", "interrupted"}
    for row in rows:
        assert set(row[2].replace(",", " ").split()) <= words, row
