"""Unit tests of `sluicegate.report.unusual`: what must not be overlooked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes import START

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.difference import Difference, FileDifference
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    ConditionResult,
    PlannedStage,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.policy import People
from sluicegate.model.release_request import (
    Artifact,
    ArtifactKind,
    Change,
    LiveRelease,
    ReleaseRequest,
    StageEvidence,
)
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.ulid import format_ulid
from sluicegate.report.unusual import OLD_EVIDENCE, Backdrop, find_unusual

RUN_ID = format_ulid(round(START.timestamp() * 1000), bytes(10))
DEFINITION, POLICY = Digest.of(b"definition"), Digest.of(b"policy")
REQUEST = ReleaseRequest(
    log="example.org/churn",
    repository="https://example.org/churn",
    environment="production",
    run_id=RUN_ID,
    stage="canary",
    pipeline="churn_release_v1.0",
    definition=DEFINITION,
    commit="c" * 40,
    release="v2",
    artifacts=(Artifact("v2", ArtifactKind.CONFIG, Digest.of(b"config")),),
    evidence=(StageEvidence("test", f"{RUN_ID}/test/1", Digest.of(b"evidence")),),
    policy=POLICY,
    policy_branch="refs/heads/main",
    policy_commit="d" * 40,
    live=LiveRelease("v1", "b" * 40, Digest.of(b"live")),
    changes=(Change("c" * 40, ("ann@example.org",), "Speed up"),),
    requester=("user:1000",),
    pusher=("ann@example.org",),
    created=START,
    expires=START + timedelta(days=3),
    nonce="0" * 32,
)
RUN = RunStarted(
    pipeline="churn_release_v1.0",
    definition=DEFINITION,
    commit="c" * 40,
    branch="main",
    dirty=False,
    stages=(PlannedStage("test", "pytest", ()), PlannedStage("canary", "canary", ())),
    start_ts=START,
)


def ended(stage: str = "test", **fields: Value) -> StageFinished:
    return StageFinished(
        stage=stage,
        attempt=1,
        outcome=Outcome.OPEN,
        reason="all hold",
        gate=None,
        evidence=Evidence(fields),
        tools=(),
        subjects=(),
        usage=ResourceUsage(wall_ms=1),
        start_ts=START,
        end_ts=START,
    )


USUAL = Backdrop(
    now=START + timedelta(hours=1),
    run=RUN,
    stages=(ended(failed=0, coverage=0.9, passed=10),),
    live_run=replace(RUN, commit="b" * 40),
    live_stages=(ended(failed=0, coverage=0.9, passed=10),),
    protected=DEFINITION,
    is_protected=True,
    policy=POLICY,
    people=(People({"ann": frozenset({"ann@example.org"})}),),
    conditions=(
        ConditionResult("approvals", Verdict.PENDING, "1 of 2"),
        ConditionResult("windows", Verdict.OPEN, "open until 17:00"),
    ),
    difference=Difference((FileDifference("src/churn.py", 1, 1),)),
)


def find(request: ReleaseRequest = REQUEST, **seen: Any) -> str:  # noqa: ANN401 - any
    return "\n".join(find_unusual(request, replace(USUAL, **seen)))


def test_a_usual_release_has_nothing_unusual() -> None:
    assert find() == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rollback": True}, "this is a rollback: production goes back to v2, from v1"),
        ({"live": None}, "the first release into production"),
        ({"changes": ()}, "no commit is named since the last release"),
        (
            {"changes": (Change("c" * 40, ("eve@example.org",), "x"),)},
            "nobody here knows these authors: eve@example.org",
        ),
        (
            {"changes": (Change("c" * 40, ("ann@example.org",), "x\u200b"),)},
            "the subject of cccccccccccc holds characters that do not show",
        ),
        (
            {"evidence": (StageEvidence("test", "strange", Digest.of(b"")),)},
            "it cannot be told how old the evidence of test is",
        ),
    ],
)
def test_it_says_of_a_request(changes: dict[str, Any], said: str) -> None:
    assert said in find(replace(REQUEST, **changes))


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"is_protected": False}, "not in the history of refs/heads/main"),
        ({"run": replace(RUN, dirty=True)}, "changes that no commit holds"),
        ({"run": replace(RUN, selection="--only test")}, "was run: --only test"),
        ({"others": ("abcdef012345",)}, "another request waits for production: abcdef"),
        ({"protected": Digest.of(b"x")}, "is not the one of refs/heads/main"),
        (
            {"live_run": replace(RUN, definition=Digest.of(b"x"))},
            "has changed since the last release",
        ),
        ({"policy": Digest.of(b"x")}, "the rules of production are others now"),
        (
            {"now": START + OLD_EVIDENCE},
            f"the evidence of test is {OLD_EVIDENCE.days} days old",
        ),
        ({"stages": (ended(failed=1),)}, "test.failed was 0, and is 1"),
        ({"stages": (ended(coverage=0.8),)}, "test.coverage was 0.9, and is 0.8"),
        ({"stages": (ended(passed=9),)}, "test.passed was 10, and is 9"),
        (
            {"live_stages": (ended(), ended("scan"))},
            "stages that the last release had, and this one has not: scan",
        ),
        (
            {"conditions": (ConditionResult("freeze", Verdict.PENDING, "holidays"),)},
            "production is not open now: holidays",
        ),
        ({"signer": ("an author of cccc",)}, "your yes will not count: an author"),
        (
            {"difference": Difference((FileDifference("sluicegate.yaml", 1, 1),))},
            "it changes what checks or judges it: sluicegate.yaml",
        ),
        (
            {
                "difference": Difference(
                    (FileDifference("x", 0, 0, ".github/allowed_signers"),)
                )
            },
            "it changes what checks or judges it: x",
        ),
        (
            {"stages": (ended("compare", needs_approval="a first model"),)},
            "compare leaves to you: a first model",
        ),
        ({"overrides": ("01J, by eve",)}, "an override there is not closed: 01J"),
    ],
)
def test_it_says_of_what_is_seen(seen: dict[str, Any], said: str) -> None:
    assert said in find(**seen)


def test_an_author_is_known_by_the_signers_or_as_a_service_too() -> None:
    changes = (Change("c" * 40, ("bob", "ci@example.org", "x[bot]"), "x"),)
    request = replace(REQUEST, changes=changes)
    known = People(services=frozenset({"CI@example.org"}))

    assert find(request, people=(known,), signers=frozenset({"bob"})) == ""


def test_an_author_is_known_by_name_and_in_any_case() -> None:
    changes = (Change("c" * 40, ("Ann", "ANN@example.org"), "x"),)

    assert find(replace(REQUEST, changes=changes)) == ""


def test_figures_that_are_better_or_not_numbers_are_not_unusual() -> None:
    better = (ended(failed=0, coverage=0.95, passed=11, tool="x", ok=True),)
    before = (ended(failed=1, coverage=0.9, passed=10, tool="y", ok=False),)

    assert find(stages=better, live_stages=before) == ""


def test_many_names_are_counted() -> None:
    strangers = tuple(f"{n}@example.org" for n in range(9))
    changes = (Change("c" * 40, strangers, "x"),)

    assert "3@example.org and 5 more" in find(replace(REQUEST, changes=changes))


def test_evidence_of_an_earlier_run_is_as_old_as_that_one() -> None:
    long_ago = round((START - timedelta(days=30)).timestamp() * 1000)
    task = f"{format_ulid(long_ago, bytes(10))}/test/1"
    stages = (replace(ended(), cached=task),)

    assert "the evidence of test is 30 days old" in find(stages=stages)


def test_stages_that_come_later_are_not_missed() -> None:
    assert find(live_stages=(ended(), ended("canary"))) == ""


def staged(cause: str, requests: int, verdict: CanaryVerdict) -> str:
    result = "deployed" if cause == "first-release" else "promoted"
    end = ended("staging", requests=requests, result=result, promoted=True)
    judged = CanaryJudged("staging", verdict, cause, "why it was")
    return find(stages=(end,), live_stages=(end,), canaries=(judged,))


@pytest.mark.parametrize(
    ("cause", "requests", "said"),
    [
        (
            *("deadline", 3),
            "promoted by its deadline policy, without a verdict: 3 requests judged",
        ),
        ("deadline", 1, "without a verdict: 1 request judged"),
        ("deadline", 0, "without a verdict: no requests judged"),
        (
            *("first-release", 0),
            "staging was promoted with no request judged: why it was",
        ),
    ],
)
def test_a_canary_that_nobody_has_really_judged_is_unusual(
    cause: str, requests: int, said: str
) -> None:
    assert said in staged(cause, requests, CanaryVerdict.PROMOTE)


def test_a_canary_that_its_traffic_has_judged_is_usual() -> None:
    assert "was promoted" not in staged("evidence", 400, CanaryVerdict.PROMOTE)


def test_a_canary_is_judged_by_its_last_verdict() -> None:
    end = ended("staging", requests=400, result="promoted", promoted=True)
    first = CanaryJudged("staging", CanaryVerdict.PROMOTE, "deadline", "")
    second = replace(first, cause="evidence")

    said = find(stages=(end,), live_stages=(end,), canaries=(first, second))

    assert "was promoted" not in said


def reading(stage: str, content: str) -> StageFinished:
    subjects = ((f"{stage}/model", Digest.of(stage.encode())),)
    return replace(ended(stage, content=content), subjects=subjects)


def test_one_model_is_trained_scanned_and_released() -> None:
    same = (reading("train", "a"), reading("modelscan", "a"))
    other = (reading("train", "a"), reading("modelscan", "b"))

    assert "have read other files" not in find(stages=same)
    assert "several: train, modelscan have read other files" in find(stages=other)
    assert "have read other files" not in find(stages=(ended("x", content="a"), *same))
