"""Unit tests of `sluicegate.report.rollout`."""

import pytest
from run_events import NOW

from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import CanaryVerdict, Release, RolloutResult
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.report.rollout import describe_progress, follow, progress_document

V1 = Release(Digest.of(b"1"), "v1", "a" * 40)
V2 = Release(Digest.of(b"2"), "v2", "b" * 40)


def block(index: int) -> BlockObserved:
    stable, canary = RequestCounts(950, 10), RequestCounts(50, 1)
    return BlockObserved(
        stage="canary",
        index=index,
        percent=5,
        stable=stable,
        canary=canary,
        stable_total=stable,
        canary_total=canary,
        abort_micronats=0,
        promote_micronats=0,
        start_ts=NOW,
        end_ts=NOW,
    )


STORY: tuple[RolloutEvent, ...] = (
    RolloutStarted("canary", "production", V2, V1, NOW),
    CanaryReady("canary"),
    WeightRequested("canary", 5),
    WeightConfirmed("canary", 5, NO_REQUESTS, NO_REQUESTS, NOW),
    block(0),
    block(1),
    CanaryJudged("canary", CanaryVerdict.PROMOTE, "evidence", "it fails no more"),
    WeightRequested("canary", 100),
    RolloutFinished("canary", RolloutResult.PROMOTED, "it is", NOW),
)
BLOCKS = "2 blocks: canary failed 2.0 % of 100 · stable 1.1 % of 1 900"


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, "production: v2 beside v1, starting, without traffic"),
        (2, "production: v2 beside v1, 0 % of the traffic"),
        (3, "production: v2 beside v1, 0 % of the traffic, to be 5 %"),
        (4, "production: v2 beside v1, 5 % of the traffic"),
        (6, f"production: v2 beside v1, 5 % of the traffic, {BLOCKS}"),
        (
            8,
            (
                f"production: v2 beside v1, 5 % of the traffic, to be 100 %, {BLOCKS},"
                " promoted: it fails no more"
            ),
        ),
        (9, f"production: v2 beside v1, promoted, {BLOCKS}"),
    ],
)
def test_a_rollout_is_followed_step_by_step(number: int, line: str) -> None:
    progress = follow(STORY[:number])

    assert progress is not None
    assert describe_progress(progress) == line


def test_a_rollout_that_began_anew_is_told_from_its_own_beginning() -> None:
    progress = follow((*STORY, STORY[0]))

    assert progress is not None
    assert (progress.blocks, progress.verdict, progress.percent) == (0, "", 0)


def test_without_a_beginning_there_is_no_rollout() -> None:
    assert follow(()) is None
    assert follow(STORY[1:]) is None


DRIFTED = RolloutDrifted("canary", "it has 0 %, not 5 %", NOW)


def test_what_others_have_changed_is_told_until_it_is_over() -> None:
    drifted = follow((*STORY[:4], DRIFTED))
    ended = follow((*STORY[:4], DRIFTED, DriftEnded("canary", NOW)))
    anew = follow((*STORY[:4], DRIFTED, *STORY[2:4]))

    assert drifted is not None
    assert describe_progress(drifted).endswith("DRIFTED (it has 0 %, not 5 %)")
    assert progress_document(drifted)["drift"] == "it has 0 %, not 5 %"
    for over in (ended, anew):
        assert over is not None
        assert "DRIFTED" not in describe_progress(over)


def test_the_document_counts_requests() -> None:
    progress = follow(STORY[:6])

    assert progress is not None
    assert progress_document(progress) == {
        "environment": "production",
        "release": "v2",
        "stable": "v1",
        "percent": 5,
        "blocks": 2,
        "canary": {"requests": 100, "failed": 2},
        "baseline": {"requests": 1900, "failed": 20},
        "evidence": {"errors": {"abort_micronats": 0, "promote_micronats": 0}},
        "paused": False,
        "drift": None,
        "verdict": None,
        "cause": None,
        "result": None,
        "reason": None,
    }
