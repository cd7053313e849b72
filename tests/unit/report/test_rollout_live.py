"""Unit tests of `sluicegate.report.rollout_live` and its bars."""

from datetime import timedelta

import pytest
from rollout_events import STARTED, at, block, metric, weight

from sluicegate.canary.bounds import Bounds
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    CountedApproval,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
)
from sluicegate.model.rollout import CanaryVerdict, Direction, RolloutResult
from sluicegate.model.traffic import RequestCounts
from sluicegate.report.rollout import RolloutProgress, follow
from sluicegate.report.rollout_bars import ASCII, BARS, Marks, RolloutTerms, leading
from sluicegate.report.rollout_live import live_lines

NEEDED = Bounds(abort=4_000_000, promote=3_000_000)
TERMS = RolloutTerms({"errors": NEEDED}, timedelta(seconds=60))
BEGAN = (CanaryReady("canary"), weight(5, 10))


def following(*events: RolloutEvent) -> RolloutProgress:
    found = follow((STARTED, *events))
    assert found is not None
    return found


def shown(
    state: RolloutProgress,
    seconds: float,
    width: int = 76,
    terms: RolloutTerms | None = TERMS,
    marks: Marks = BARS,
) -> list[str]:
    lines = live_lines(state, terms, at(seconds), width, marks)
    return ["".join(words for words, _ in line).rstrip() for line in lines]


def test_before_any_traffic_the_release_starts() -> None:
    assert shown(following(), 5) == ["v2 starts in production, beside v1"]
    assert shown(following(*BEGAN), 30) == [
        "v2 has 5 % of production, beside v1",
        "next look in 40 s",
    ]


def test_rates_evidence_and_the_time_left_are_shown() -> None:
    state = following(*BEGAN, block(10, 70, 500_000, 2_000_000))

    assert shown(state, 100) == [
        "v2 has 5 % of production, beside v1",
        "canary fails     2 % of  50  95 % Wilson interval 0.35 % to 10 %",
        "stable fails   1.1 % of 950  95 % Wilson interval 0.57 % to 1.9 %",
        "evidence  abort                       promote",
        "errors    ██▌·················  12 %  █████████████·······  66 %",
        "next look in 30 s",
    ]


def test_evidence_against_is_no_way_and_what_was_reached_once_stays() -> None:
    state = following(
        *BEGAN, block(10, 70, -9_000_000, 3_000_000), block(70, 130, 1, 2_000_000)
    )

    assert shown(state, 130, marks=ASCII)[4] == (
        "errors    ....................   0 %  ####################    ok"
    )
    assert shown(state, 130)[4].endswith("✓")


@pytest.mark.parametrize("width", [20, 26, 36, 60, 76, 200])
def test_lines_fit_where_they_are_told_to(width: int) -> None:
    many = {f"metric_with_a_long_name_{n}": NEEDED for n in range(9)}
    terms = RolloutTerms({"errors": NEEDED, **many}, timedelta(seconds=60))
    counts = RequestCounts(123_456_789, 1_234_567)
    state = following(
        *BEGAN,
        block(10, 70, 1, 2, canary=counts, stable=counts, metrics=(metric("memory"),)),
    )

    lines = shown(state, 80, width, terms)
    rows = [line for line in lines if "metric_" in line or "errors" in line]
    if width >= 26:  # narrower, the caller cuts
        assert all(len(row) <= width for row in rows)
    assert len(rows) == 4
    assert "and 6 more metrics" in lines
    assert ("Wilson" in lines[1]) == (width >= 76)


def test_the_leading_metrics_are_those_near_an_abort_or_far_from_a_promotion() -> None:
    terms = RolloutTerms(
        dict.fromkeys(("errors", "a", "b", "c", "d", "e"), NEEDED)
        | {"drift": Bounds(None, None)},
        timedelta(seconds=60),
    )
    state = following(
        *BEGAN,
        block(
            10,
            70,
            metrics=(
                metric("a", 0, 2_900_000),
                metric("b", 3_000_000, 2_900_000),
                metric("c", 0, 1),
                metric("d", 0, 2_900_001),
                metric("e", 0, 100),
                metric("drift", 9_000_000, 0),
            ),
        ),
    )

    assert leading(state, terms) == ["errors", "b", "c", "e"]


def test_a_pause_says_since_when_by_whom_and_why_and_stops_the_deadline() -> None:
    ann = CountedApproval(STARTED.canary.image, "ann", "key")
    paused = RolloutDirected("canary", Direction.PAUSE, "looks\nodd", (ann,), at(80))
    resumed = RolloutDirected("canary", Direction.RESUME, "fine", (ann,), at(200))
    timed = type(STARTED)(
        "canary",
        "production",
        STARTED.canary,
        STARTED.stable,
        STARTED.start_ts,
        at(3600),
    )

    halted = follow((timed, *BEGAN, paused))
    going = follow((timed, *BEGAN, paused, resumed))

    assert halted is not None
    assert going is not None
    assert shown(halted, 200)[1:] == [
        "PAUSED for 2 min by ann: looks odd",
        "looking",
    ]
    assert shown(going, 300)[-1] == "looking, deadline in 57 min"
    assert shown(going, 4000)[-1] == "looking, past the deadline"


def test_what_others_have_changed_is_told_with_how_long_it_holds() -> None:
    drifted = RolloutDrifted("canary", "flux wrote\n0 %, not 5 %", at(80))
    held = follow((STARTED, *BEGAN, drifted))

    assert held is not None
    assert "DRIFTED for 2 min, so it holds: flux wrote 0 %, not 5 %" in shown(held, 200)


def test_where_both_do_not_fit_the_deadline_has_a_line_of_its_own() -> None:
    timed = type(STARTED)(
        *("canary", "production", STARTED.canary, STARTED.stable, at(0), at(3600))
    )
    found = follow((timed, *BEGAN))
    assert found is not None

    assert shown(found, 30, width=36)[1:] == [
        "next look in 40 s",
        "deadline in 59 min 30 s",
    ]


def test_a_verdict_is_carried_out_and_then_the_result_is_all() -> None:
    judged = CanaryJudged("canary", CanaryVerdict.ABORT, "evidence", "aborted: so")
    state = following(*BEGAN, block(10, 70), judged)
    ended = following(
        *BEGAN,
        judged,
        RolloutFinished("canary", RolloutResult.ROLLED_BACK, "aborted: so", at(80)),
    )

    assert shown(state, 80)[-1] == "verdict: abort, being carried out"
    assert shown(ended, 90) == ["v2 rolled back in production"]


def test_without_terms_there_are_no_bars() -> None:
    state = following(*BEGAN, block(10, 70))

    assert not any("errors" in line for line in shown(state, 80, terms=None))
