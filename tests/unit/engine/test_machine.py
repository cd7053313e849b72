"""Unit tests of `sluicegate.engine.machine`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.engine.machine import (
    Effect,
    FinishRun,
    RunStage,
    SkipStage,
    advance,
    fold,
    is_final,
)
from sluicegate.errors import IntegrityError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryReady,
    Event,
    GateRecord,
    PlannedStage,
    RolloutFinished,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.evidence import Evidence
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import Run

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GATES = {
    Outcome.of(verdict): GateRecord(Digest.of(b""), verdict, ()) for verdict in Verdict
}
NAMES = ("lint", "test", "build", "scan", "canary")


def started(*stages: PlannedStage) -> RunStarted:
    chain = tuple(
        PlannedStage(name, "command", NAMES[max(0, i - 1) : i])
        for i, name in enumerate(NAMES)
    )
    return RunStarted(
        pipeline="churn_release_v1.0",
        definition=Digest.of(b""),
        commit="0" * 40,
        branch="main",
        dirty=False,
        stages=stages or chain,
        start_ts=NOW,
    )


def ended(stage: str, outcome: Outcome, attempt: int = 1) -> StageFinished:
    return StageFinished(
        stage=stage,
        attempt=attempt,
        outcome=outcome,
        reason="because",
        gate=GATES.get(outcome),
        evidence=Evidence(),
        tools=(),
        subjects=(),
        usage=ResourceUsage(1),
        start_ts=NOW,
        end_ts=NOW,
    )


def event_for(effect: Effect, outcomes: Iterator[Outcome]) -> tuple[Event, ...]:
    match effect:
        case RunStage():
            start = StageStarted(effect.stage, effect.attempt, NOW)
            return start, ended(effect.stage, next(outcomes), effect.attempt)
        case SkipStage():
            return (StageSkipped(effect.stage, effect.reason),)
        case FinishRun():
            return (RunFinished(effect.outcome, effect.reason, NOW, NOW, 1),)


def play(outcomes: list[Outcome], run: Run | None = None) -> tuple[Run, list[Event]]:
    """Carry out every effect; a stage ends as *outcomes* says, open after them."""
    rest = iter([*outcomes, *[Outcome.OPEN] * 10])
    first: Event = RunResumed() if run else started()
    run, effects = advance("R", run, first)
    events = [first]
    while effects:
        for event in event_for(effects[0], rest):
            run, effects = advance("R", run, event)
            events.append(event)
    return run, events


def test_all_gates_open_opens_the_run() -> None:
    run, _ = play([])

    assert run.finished is not None
    assert run.finished.outcome is Outcome.OPEN
    assert run.finished.reason == "all 5 gates are open"


@pytest.mark.parametrize("outcome", [Outcome.CLOSED, Outcome.PENDING, Outcome.BROKEN])
@pytest.mark.parametrize("at", range(5))
def test_nothing_runs_after_a_stage_that_is_not_open(outcome: Outcome, at: int) -> None:
    run, events = play([Outcome.OPEN] * at + [outcome])

    ran = [event.stage for event in events if isinstance(event, StageStarted)]
    assert ran == list(NAMES[: at + 1])
    assert run.finished is not None
    assert run.finished.outcome is outcome


def test_why_an_attempt_broke_is_known_to_the_next_one_and_to_none_after_it() -> None:
    run, _ = play([Outcome.OPEN, Outcome.BROKEN])
    assert [stage.trouble for stage in run.stages] == ["", "because", "", "", ""]
    again, _ = advance("R", run, RunResumed())
    assert again.stages[1].trouble == "because"
    run, _ = play([Outcome.OPEN], run)
    assert {stage.trouble for stage in run.stages} == {""}


def test_what_needs_a_closed_stage_is_skipped_for_that_reason() -> None:
    _, events = play([Outcome.OPEN, Outcome.CLOSED])

    assert [event for event in events if isinstance(event, StageSkipped)] == [
        StageSkipped("build", "test is closed"),
        StageSkipped("scan", "build is skipped"),
        StageSkipped("canary", "scan is skipped"),
    ]


def test_a_branch_beside_a_closed_stage_still_runs() -> None:
    run, effects = advance(
        "R", None, started(PlannedStage("a", "x", ()), PlannedStage("b", "x", ()))
    )
    run, _ = advance("R", run, StageStarted("a", 1, NOW))
    run, effects = advance("R", run, ended("a", Outcome.CLOSED))

    assert effects == (RunStage("b", 1),)


def test_a_run_without_stages_is_not_open() -> None:
    empty = RunStarted(
        "p", Digest.of(b""), "0", None, dirty=False, stages=(), start_ts=NOW
    )

    _, effects = advance("R", None, empty)

    assert effects == (FinishRun(Outcome.CLOSED, "no stage ran"),)


@pytest.mark.parametrize("outcome", [Outcome.PENDING, Outcome.BROKEN])
def test_resuming_repeats_only_the_stage_without_an_answer(outcome: Outcome) -> None:
    run, _ = play([Outcome.OPEN, Outcome.OPEN, outcome])

    run, events = play([], run)

    assert not is_final(fold("R", [started()]))
    assert [(e.stage, e.attempt) for e in events if isinstance(e, StageStarted)] == [
        ("build", 2),
        ("scan", 1),
        ("canary", 1),
    ]
    assert run.finished is not None
    assert run.finished.outcome is Outcome.OPEN


@pytest.mark.parametrize("outcome", [Outcome.OPEN, Outcome.CLOSED])
def test_a_final_run_cannot_be_resumed(outcome: Outcome) -> None:
    run, _ = play([outcome])

    assert is_final(run)
    with pytest.raises(IntegrityError):
        advance("R", run, RunResumed())


def test_a_stage_cut_off_in_the_middle_gets_another_attempt() -> None:
    events: list[Event] = [started(), StageStarted("lint", 1, NOW)]

    run, effects = advance("R", fold("R", events), RunResumed())

    assert effects == (RunStage("lint", 2),)
    assert run.stage("lint").attempt == 1


@pytest.mark.parametrize("gate", [None, *GATES.values()])
@pytest.mark.parametrize("said", Outcome)
def test_no_outcome_is_believed_that_its_gate_did_not_give(
    said: Outcome, gate: GateRecord | None
) -> None:
    run = fold("R", [started(), StageStarted("lint", 1, NOW)])
    event = replace(ended("lint", said), gate=gate)

    if gate == GATES.get(said):
        assert advance("R", run, event)[0].stage("lint").outcome is said
    else:
        with pytest.raises(IntegrityError):
            advance("R", run, event)


@pytest.mark.parametrize("result", RolloutResult)
def test_only_a_rollout_that_was_held_begins_anew(result: RolloutResult) -> None:
    finished = RolloutFinished("canary", result, "because", NOW)
    events: list[Event] = [
        started(PlannedStage("canary", "canary", ())),
        StageStarted("canary", 1, NOW),
        CanaryReady("canary"),
        finished,
    ]

    run, effects = advance("R", fold("R", events), RunResumed())

    assert effects == (RunStage("canary", 2),)
    kept = () if result is RolloutResult.HELD else (CanaryReady("canary"), finished)
    assert run.stage("canary").rollout == kept


SECRETS: tuple[SecretEvent, ...] = (
    SecretsGiven("lint", (), NOW),
    SecretsRevoked("lint", (), NOW),
)


def test_secrets_change_nothing_of_a_run_but_the_number_of_its_events() -> None:
    begun: list[Event] = [started(), StageStarted("lint", 1, NOW)]
    with_them, without = fold("01", [*begun, *SECRETS]), fold("01", begun)

    assert with_them == replace(without, events=4)


@pytest.mark.parametrize("event", SECRETS)
@pytest.mark.parametrize(
    "before",
    [
        [started()],
        [
            started(),
            StageStarted("lint", 1, NOW),
            *SECRETS,
            ended("lint", Outcome.OPEN),
        ],
        [started(), StageStarted("lint", 1, NOW), SECRETS[0], RunResumed()],
    ],
    ids=["not begun", "ended", "killed and resumed"],
)
def test_only_a_stage_that_runs_is_given_secrets(
    before: list[Event], event: SecretEvent
) -> None:
    with pytest.raises(IntegrityError, match=type(event).__name__):
        fold("01", [*before, event])


def test_a_run_killed_with_a_secret_given_goes_on_with_another_attempt() -> None:
    run = fold("01", [started(), StageStarted("lint", 1, NOW), SECRETS[0]])

    run, effects = advance("01", run, RunResumed())

    assert effects == (RunStage("lint", 2),)
    end = ended("lint", Outcome.OPEN, 2)
    for event in (StageStarted("lint", 2, NOW), *SECRETS, end):
        run, _ = advance("01", run, event)
    assert run.stage("lint").outcome is Outcome.OPEN


def test_a_rollout_cut_off_goes_on_with_its_events() -> None:
    only = started(PlannedStage("canary", "canary", ()))
    events: list[Event] = [only, StageStarted("canary", 1, NOW), CanaryReady("canary")]

    run, _ = advance("R", fold("R", events), RunInterrupted("canary"))
    run, effects = advance("R", run, RunResumed())

    assert effects == (RunStage("canary", 2),)
    assert run.stage("canary").rollout == (CanaryReady("canary"),)


@given(
    st.lists(st.sampled_from(Outcome), max_size=5),
    st.integers(0, 30),
    st.integers(0, 3),
)
def test_a_run_cut_off_anywhere_and_resumed_ends_as_if_it_had_not_been(
    outcomes: list[Outcome], cut: int, resumes: int
) -> None:
    whole, events = play(outcomes)
    prefix = events[: 1 + cut % len(events)]
    run = fold("R", prefix)
    if is_final(run) or run.finished:
        return
    done = sum(isinstance(event, StageFinished) for event in prefix)
    for _ in range(resumes):
        run, _ = advance("R", run, RunResumed())

    resumed, _ = play(outcomes[done:], run)

    assert resumed.finished is not None
    assert whole.finished is not None
    settled = {
        s.name
        for s in fold("R", prefix).stages
        if s.outcome in {Outcome.PENDING, Outcome.BROKEN}
    }
    if not settled:  # a stage without an answer is asked again, and may answer now
        assert resumed.finished.outcome is whole.finished.outcome


@given(st.lists(st.sampled_from(Outcome), max_size=5), st.data())
def test_the_state_is_the_fold_of_the_events_and_none_can_be_missing(
    outcomes: list[Outcome], data: st.DataObject
) -> None:
    run, events = play(outcomes)
    gone = data.draw(st.integers(0, len(events) - 2))

    assert fold("R", events) == run
    assert run.events == len(events)
    with pytest.raises(IntegrityError):
        fold("R", events[:gone] + events[gone + 1 :])


def test_no_events_are_no_run() -> None:
    with pytest.raises(IntegrityError, match="no event"):
        fold("R", [])


def test_a_run_names_every_stage_at_which_it_stopped() -> None:
    run = fold("R", [started(PlannedStage("a", "x", ()), PlannedStage("b", "x", ()))])
    for name in ("a", "b"):
        run, _ = advance("R", run, StageStarted(name, 1, NOW))
    run, effects = advance("R", run, ended("b", Outcome.CLOSED))
    assert effects == ()
    run, effects = advance("R", run, ended("a", Outcome.CLOSED))

    assert effects == (FinishRun(Outcome.CLOSED, "stopped at a, b"),)


def test_how_the_end_of_a_run_was_said_once_binds_nobody() -> None:
    _, events = play([Outcome.CLOSED])
    [*others, end] = events
    assert isinstance(end, RunFinished)

    assert fold("R", [*others, replace(end, reason="in other words")]).finished
    with pytest.raises(IntegrityError):
        fold("R", [*others, replace(end, outcome=Outcome.OPEN)])
