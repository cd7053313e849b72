"""Unit tests of `sluicegate.report.occasions`: what of a run is worth telling."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from fakes import START
from rollouts import world

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    CountedApproval,
    EnvironmentEntered,
    Event,
    ReleaseRequested,
    RolloutFinished,
    RunFinished,
    RunInterrupted,
    RunResumed,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.notification import Notification, Occasion
from sluicegate.model.rollout import RolloutResult
from sluicegate.report.occasions import Subject, Watcher

SUBJECT = Subject(
    pipeline="churn_release_v1.0",
    run_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
    release="v1.2.0",
    commit="a" * 40,
    environments={"canary": "production"},
    resume="sluice resume RUN",
    look="sluice audit log --run RUN",
    show="sluice releases show v1.2.0",
)


def told(*events: Event) -> list[Notification]:
    watcher = Watcher(SUBJECT)
    return [each for event in events for each in watcher.see(event)]


def stage(name: str, outcome: Outcome, reason: str, attempt: int = 1) -> StageFinished:
    return StageFinished(
        stage=name,
        attempt=attempt,
        outcome=outcome,
        reason=reason,
        gate=None,
        evidence=Evidence(),
        tools=(),
        subjects=(),
        usage=ResourceUsage(1),
        start_ts=START,
        end_ts=START,
    )


def run(outcome: Outcome, reason: str = "stopped at canary") -> RunFinished:
    return RunFinished(outcome, reason, START, START, 1)


def rollout(result: RolloutResult) -> RolloutFinished:
    return RolloutFinished("canary", result, "why", START)


@pytest.mark.parametrize(
    ("outcome", "occasion", "command"),
    [
        (Outcome.PENDING, Occasion.PENDING, SUBJECT.resume),
        (Outcome.BROKEN, Occasion.BROKEN, SUBJECT.resume),
        (Outcome.CLOSED, Occasion.CLOSED, SUBJECT.look),
    ],
)
def test_the_end_of_a_run_tells_which_stage_and_why(
    outcome: Outcome, occasion: Occasion, command: str
) -> None:
    (message,) = told(
        stage("lint", Outcome.OPEN, "nothing found"),
        stage("canary", outcome, "held at the deadline"),
        run(outcome),
    )

    assert message == Notification(
        occasion=occasion,
        pipeline=SUBJECT.pipeline,
        run_id=SUBJECT.run_id,
        release="v1.2.0",
        commit="a" * 40,
        stage="canary",
        environment="production",
        verdict=outcome.value,
        reason="held at the deadline",
        next_command=command,
        at=START,
    )


def test_an_open_run_is_no_news_without_a_release() -> None:
    assert told(stage("lint", Outcome.OPEN, "fine"), run(Outcome.OPEN)) == []


def test_stages_beside_each_other_are_all_named() -> None:
    (message,) = told(
        stage("lint", Outcome.CLOSED, "3 findings"),
        stage("test", Outcome.CLOSED, "1 failed"),
        stage("scan", Outcome.BROKEN, "no database"),
        run(Outcome.CLOSED),
    )

    assert (message.stage, message.environment) == ("lint", None)
    assert message.reason == "3 findings (and closed too: test)"


def test_an_attempt_that_was_repeated_does_not_count() -> None:
    (message,) = told(
        stage("build", Outcome.BROKEN, "no network"),
        stage("build", Outcome.OPEN, "built", attempt=2),
        stage("scan", Outcome.BROKEN, "no database"),
        run(Outcome.BROKEN),
    )

    assert (message.stage, message.reason) == ("scan", "no database")


def test_a_run_without_a_stage_to_blame_has_its_own_reason() -> None:
    (message,) = told(run(Outcome.CLOSED, "no stage ran"))

    assert (message.stage, message.reason) == (None, "no stage ran")


@pytest.mark.parametrize(
    ("result", "occasion", "command"),
    [
        (RolloutResult.DEPLOYED, Occasion.PROMOTED, SUBJECT.show),
        (RolloutResult.PROMOTED, Occasion.PROMOTED, SUBJECT.show),
        (RolloutResult.ROLLED_BACK, Occasion.ABORT, SUBJECT.look),
    ],
)
def test_the_end_of_a_rollout_tells_of_the_environment(
    result: RolloutResult, occasion: Occasion, command: str
) -> None:
    (message,) = told(rollout(result))

    assert (message.occasion, message.verdict) == (occasion, result.value)
    assert (message.stage, message.environment) == ("canary", "production")
    assert (message.reason, message.next_command) == ("why", command)


@pytest.mark.parametrize("result", [RolloutResult.UNCHANGED, RolloutResult.HELD])
def test_a_rollout_that_changed_nothing_for_good_waits_for_the_runs_end(
    result: RolloutResult,
) -> None:
    assert told(rollout(result)) == []


@pytest.mark.parametrize("event", [RunResumed(), RunInterrupted("canary")])
def test_an_interruption_is_no_news(event: Event) -> None:
    assert told(event) == []


def test_every_result_of_a_rollout_was_thought_of() -> None:
    known = {result: told(rollout(result)) for result in RolloutResult}

    assert {result for result, messages in known.items() if messages} == {
        RolloutResult.DEPLOYED,
        RolloutResult.PROMOTED,
        RolloutResult.ROLLED_BACK,
    }


def conducted(events: Iterable[Event]) -> list[Occasion]:
    return [message.occasion for message in told(*events)]


def test_a_real_rollout_is_told_once() -> None:
    here = world()
    here.conduct()

    assert here.finished().result is RolloutResult.PROMOTED
    assert conducted(here.log.events) == [Occasion.PROMOTED]


def test_a_rollout_is_told_under_the_name_of_its_stage() -> None:
    watcher = Watcher(replace(SUBJECT, environments={}))

    (message,) = watcher.see(rollout(RolloutResult.PROMOTED))

    assert (message.stage, message.environment) == ("canary", None)


REQUESTED = ReleaseRequested(
    stage="canary",
    environment="production",
    request=Digest.of(b"request"),
    policy=Digest.of(b"policy"),
    created=START,
    expires=START,
)
OVERRIDDEN = EnvironmentEntered(
    stage="canary",
    environment="production",
    policy=Digest.of(b"policy"),
    branch="refs/heads/main",
    commit="c" * 40,
    conditions=(ConditionResult("approvals", Verdict.PENDING, "2 more"),),
    approvals=(CountedApproval(Digest.of(b"e"), "eve", "SHA256:e"),),
    override=True,
    size=9,
    request=Digest.of(b"request"),
)


def test_a_run_that_waits_for_people_names_the_command_that_answers() -> None:
    pending = stage("canary", Outcome.PENDING, "1 more")
    (message,) = told(REQUESTED, pending, run(Outcome.PENDING))

    assert message.next_command == f"sluice approve {Digest.of(b'request').short}"


def test_an_override_is_told_at_once_with_what_did_not_hold() -> None:
    (message,) = told(StageStarted("canary", 1, START), REQUESTED, OVERRIDDEN)

    assert message.occasion is Occasion.OVERRIDE
    assert message.environment == "production"
    assert message.reason.endswith("OVERRIDDEN by eve, though: 2 more")
    assert message.next_command == "sluice overrides"


def test_what_opened_by_its_rules_is_told_only_once_it_is_live() -> None:
    opened = replace(OVERRIDDEN, override=False)

    assert told(StageStarted("canary", 1, START), REQUESTED, opened) == []
