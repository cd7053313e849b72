"""Unit tests of `sluicegate.report.entering`: entry gates in the reports of a run."""

from dataclasses import replace

import pytest
from fakes import START

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    CountedApproval,
    EnvironmentEntered,
    PlannedStage,
    ReleaseRequested,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.report.entering import (
    describe_entry,
    how_to_answer,
    overridden,
    waits_for,
)

REQUEST = Digest.of(b"request")
REQUESTED = ReleaseRequested(
    stage="canary",
    environment="production",
    request=REQUEST,
    policy=Digest.of(b"policy"),
    created=START,
    expires=START,
)
ENTERED = EnvironmentEntered(
    stage="canary",
    environment="production",
    policy=Digest.of(b"policy"),
    branch="refs/heads/main",
    commit="c" * 40,
    conditions=(ConditionResult("approvals", Verdict.OPEN, "2 of 2"),),
    approvals=(
        CountedApproval(Digest.of(b"a"), "ann", "SHA256:a"),
        CountedApproval(Digest.of(b"b"), "bob", "SHA256:b"),
    ),
    override=False,
    size=9,
    request=REQUEST,
)
OVERRIDE = replace(
    ENTERED,
    override=True,
    approvals=(CountedApproval(Digest.of(b"e"), "eve", "SHA256:e"),),
    conditions=(
        ConditionResult("approvals", Verdict.PENDING, "2 more"),
        ConditionResult("lock", Verdict.OPEN, "not locked"),
        ConditionResult("freeze", Verdict.PENDING, "holidays"),
    ),
)


def run_with(outcome: Outcome | None = None, **stage: object) -> Run:
    started = RunStarted(
        pipeline="churn_release_v1.0",
        definition=Digest.of(b""),
        commit="c" * 40,
        branch="main",
        dirty=False,
        stages=(PlannedStage("canary", "canary", ()),),
        start_ts=START,
    )
    finished = outcome and StageFinished(
        stage="canary",
        attempt=1,
        outcome=outcome,
        reason="1 more",
        gate=None,
        evidence=Evidence(),
        tools=(),
        subjects=(),
        usage=ResourceUsage(wall_ms=1),
        start_ts=START,
        end_ts=START,
    )
    state = StageState(started.stages[0], Phase.DONE, finished=finished)
    return Run("01J", started, (replace(state, **stage),))  # type: ignore[arg-type]


def test_a_request_is_named_by_its_short_id() -> None:
    assert describe_entry(REQUESTED) == (
        f"release request {REQUEST.short} for production"
    )


def test_who_let_it_in_is_named() -> None:
    assert describe_entry(ENTERED) == "entry to production open by ann, bob"


def test_nobody_is_named_where_nobody_was_asked() -> None:
    alone = replace(ENTERED, approvals=(), request=None)
    assert describe_entry(alone) == "entry to production open"


def test_an_override_says_what_did_not_hold() -> None:
    assert describe_entry(OVERRIDE) == (
        "entry to production OVERRIDDEN by eve, though: 2 more; holidays"
    )


def test_much_that_did_not_hold_is_counted() -> None:
    unmet = tuple(
        ConditionResult(f"rule {n}", Verdict.PENDING, f"no {n}") for n in range(9)
    )
    said = describe_entry(replace(OVERRIDE, conditions=unmet))

    assert said.endswith("though: no 0; no 1; no 2; and 6 more")


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        (None, ""),
        (ENTERED, ""),
        (OVERRIDE, "OVERRIDDEN: production, by eve"),
        (replace(OVERRIDE, approvals=()), "OVERRIDDEN: production, by nobody known"),
    ],
)
def test_a_run_with_an_override_is_called_so(
    entered: EnvironmentEntered | None, said: str
) -> None:
    assert overridden(run_with(entered=entered)) == said


def test_a_run_that_waits_for_people_says_how_they_answer() -> None:
    run = run_with(Outcome.PENDING, requested=REQUESTED)

    assert waits_for(run) == [REQUESTED]
    assert how_to_answer(run, "`sluice resume 01J`") == (
        f"`sluice approve {REQUEST.short}` answers it; then `sluice resume 01J` goes on"
    )


@pytest.mark.parametrize(
    "run",
    [
        run_with(Outcome.PENDING),
        run_with(Outcome.PENDING, requested=REQUESTED, entered=ENTERED),
        run_with(Outcome.CLOSED, requested=REQUESTED),
        run_with(requested=REQUESTED),
    ],
    ids=["asked for nothing", "entered", "closed", "running"],
)
def test_other_runs_wait_for_nobody(run: Run) -> None:
    assert waits_for(run) == []
    assert how_to_answer(run, "`sluice resume`") == ""
