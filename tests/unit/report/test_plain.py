"""Unit tests of `sluicegate.report.plain`."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from run_events import EARLIER, RUN_ID, begin, end, planned, started

from sluicegate.engine.machine import fold
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    Event,
    HandedOver,
    OthersOverridden,
    PublishConfirmed,
    PublishRequested,
    RolloutStarted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StageSkipped,
    StageStarted,
    WeightConfirmed,
)
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.publication import PublishedImage
from sluicegate.model.rollout import CanaryVerdict, Release
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.report.plain import (
    describe,
    describe_finding,
    describe_handed_over,
    describe_reuse,
    rate,
    where_from,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
V1 = Release(Digest.of(b"1"), "v1", "a" * 40)
V2 = Release(Digest.of(b"2"), "v2", "b" * 40)
REPOSITORY = "ghcr.io/acme/churn"
HELD = f"{REPOSITORY}@{V2.image}"
BLOCK = BlockObserved(
    stage="canary",
    index=1,
    percent=25,
    stable=RequestCounts(4213, 38),
    canary=RequestCounts(571, 52),
    stable_total=RequestCounts(4213, 38),
    canary_total=RequestCounts(571, 52),
    abort_micronats=8_000_000,
    promote_micronats=-1,
    start_ts=NOW,
    end_ts=NOW,
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            RunStarted(
                "p_r_v1.0",
                Digest.of(b""),
                "a" * 40,
                "main",
                dirty=True,
                stages=(),
                start_ts=NOW,
            ),
            "p_r_v1.0 · commit aaaaaaaaaaaa (main), with uncommitted changes",
        ),
        (
            RunFinished(Outcome.CLOSED, "stopped at lint", NOW, NOW, 1),
            "closed: stopped at lint",
        ),
        (RunInterrupted("scan"), "interrupted in scan"),
        (StageStarted("lint", 2, NOW), "lint: started, attempt 2"),
        (StageSkipped("scan", "build is closed"), "scan: not run, build is closed"),
        (
            RolloutStarted("canary", "production", V2, V1, NOW),
            (
                "canary: starting v2 in production beside v1; the image is on this"
                " engine only, as no stage publishes it"
            ),
        ),
        (
            RolloutStarted(
                "canary", "production", replace(V2, reference=HELD), V1, NOW
            ),
            f"canary: starting v2 in production beside v1; the image is {HELD}",
        ),
        (
            PublishRequested(
                "publish",
                V2.image,
                (f"{REPOSITORY}:v2", f"{REPOSITORY}:latest"),
                ("R/scan/1",),
            ),
            f"publish: pushing {REPOSITORY}:v2, latest",
        ),
        (
            PublishConfirmed(
                "publish",
                V2.image,
                (PublishedImage(f"{REPOSITORY}:v2", V2.image, "application/json", 9),),
            ),
            f"publish: the registry serves it as {REPOSITORY}:v2",
        ),
        (
            WeightConfirmed("canary", 5, NO_REQUESTS, NO_REQUESTS, NOW),
            "canary: 5 % of the traffic",
        ),
        (
            OthersOverridden("canary", 0, "the weights from kubectl-edit", NOW),
            "canary: written over what others had set: the weights from kubectl-edit",
        ),
        (BLOCK, "canary: 25 % · canary failed 9.1 % of 571 · stable 0.9 % of 4 213"),
        (
            CanaryJudged("canary", CanaryVerdict.ABORT, "evidence", "it fails more"),
            "canary: aborted: it fails more",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_an_event_is_one_line(event: Event, line: str) -> None:
    assert describe(event) == line


def test_an_event_cannot_write_two_lines_or_colours() -> None:
    line = describe(StageSkipped("scan", "x\n\x1b[32mopen: all gates are open"))

    assert line == r"scan: not run, x\x0a\x1b[32mopen: all gates are open"


def test_no_requests_have_no_rate() -> None:
    assert rate(NO_REQUESTS) == "none of 0"


def test_a_finding_names_its_place() -> None:
    finding = Finding("F401", Severity.ERROR, "unused import", "src/a.py", 3)

    assert describe_finding(finding) == "src/a.py:3: F401 unused import"


def test_a_cached_stage_is_said_to_be_cached() -> None:
    line = describe(end("lint", cached=f"{EARLIER}/lint/1"))

    assert line == "lint: open (cached): it is so"


def test_a_run_of_a_part_with_labels_says_so() -> None:
    line = describe(started(selection="--only lint", labels={"os": "linux"}))

    assert line == "p_r_v1.0 · commit aaaaaaaaaaaa (main) · --only lint · os=linux"


def test_a_rollback_says_to_what_and_why() -> None:
    line = describe(started(rollback=EARLIER, reason="it is\nslow \x1b[2J"))

    goal = f"rollback to the release of run {EARLIER[-8:]}: it is slow \\x1b[2J"
    assert line == f"p_r_v1.0 · commit aaaaaaaaaaaa (main) · {goal}"


@pytest.mark.parametrize(
    ("cached", "said"),
    [
        ((), None),
        (("a",), "1 stage was not run again: nothing it depends on has changed"),
        (
            ("a", "b"),
            "2 stages were not run again: nothing they depend on has changed",
        ),
        (
            ("a", "b", "c"),
            (
                "nothing was run: every result stands, as nothing it depends on has"
                " changed; --force runs all the same"
            ),
        ),
    ],
)
def test_results_that_were_there_are_said_to_stand(
    cached: tuple[str, ...], said: str | None
) -> None:
    events: list[Event] = [started(*map(planned, "abc"))]
    for name in "abc":
        task = f"{EARLIER}/{name}/1" if name in cached else None
        events += [begin(name), end(name, cached=task)]

    assert describe_reuse(fold(RUN_ID, events)) == said


HANDED = HandedOver(Digest.of(b"handover.json"), "build")


def test_a_result_from_another_job_is_told_apart() -> None:
    finished = replace(end("test"), handed_over=HANDED)

    assert describe(finished) == "test: open in 1.2 s elsewhere: it is so"
    assert where_from(finished) == "  (handed over by job build)"
    assert where_from(replace(finished, cached=EARLIER)) == "  (from an earlier run)"
    assert where_from(end("test")) == ""


def test_what_was_handed_over_is_named_by_digest_and_job() -> None:
    said = describe_handed_over(HANDED)

    assert f"by job build, in {HANDED.digest}" in said
    assert "that job's word" in said
    assert "job None" not in describe_handed_over(replace(HANDED, job=None))
