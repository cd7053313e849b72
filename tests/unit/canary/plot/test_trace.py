"""Unit tests of `sluicegate.canary.plot.trace`."""

from rollout_events import STARTED, V2, at, block, metric, weight

from sluicegate.canary.bounds import Bounds
from sluicegate.canary.plot.trace import (
    Judged,
    Line,
    Point,
    Span,
    Step,
    Trace,
    trace,
)
from sluicegate.model.event import (
    CanaryJudged,
    DriftEnded,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
)
from sluicegate.model.rollout import CanaryVerdict, Direction, RolloutResult

BOUNDS = Bounds(abort=4_605_171, promote=2_995_733)
BOTH = {"errors": BOUNDS, "memory": BOUNDS}


def traced(*events: RolloutEvent) -> Trace:
    found = trace((STARTED, *events), BOTH)
    assert found is not None
    return found


def direct(direction: Direction, seconds: float) -> RolloutDirected:
    return RolloutDirected("canary", direction, "because", (), at(seconds))


def test_a_rollout_is_traced_from_its_first_weight_to_its_end() -> None:
    found = traced(
        weight(5, 10),
        block(10, 70, 1, 2),
        weight(50, 71),
        block(71, 130, 3, 4),
        CanaryJudged("canary", CanaryVerdict.PROMOTE, "evidence", "it is"),
        weight(100, 131),
        RolloutFinished("canary", RolloutResult.PROMOTED, "it is", at(140)),
    )

    assert found == Trace(
        environment="production",
        release="v2",
        before="v1",
        lines=(
            Line(
                "errors",
                BOUNDS,
                ((Point(10, 0, 0), Point(70, 1, 2), Point(130, 3, 4)),),
            ),
        ),
        steps=(Step(10, 5), Step(71, 50), Step(131, 100)),
        pauses=(),
        drifts=(),
        gaps=(),
        judged=Judged(130, "promote", "evidence"),
        end=140,
    )


def test_a_metric_that_could_not_be_read_leaves_a_break() -> None:
    found = traced(
        weight(5, 0),
        block(0, 60, metrics=(metric("memory", 1, 1),)),
        block(60, 120),
        block(120, 180, metrics=(metric("memory", 2, 2), metric("unknown"))),
    )

    assert [line.metric for line in found.lines] == ["errors", "memory"]
    assert found.lines[1].parts == (
        (Point(0, 0, 0), Point(60, 1, 1)),
        (Point(180, 2, 2),),
    )
    assert found.lines[1].last == Point(180, 2, 2)


def test_a_weight_that_is_applied_again_is_no_step() -> None:
    found = traced(weight(5, 0), block(0, 60), weight(5, 70), block(70, 130))

    assert found.steps == (Step(0, 5),)


def test_pauses_end_when_resumed_decided_or_never() -> None:
    found = traced(
        weight(5, 0),
        direct(Direction.PAUSE, 10),
        direct(Direction.PAUSE, 15),
        direct(Direction.RESUME, 20),
        direct(Direction.RESUME, 25),
        direct(Direction.PAUSE, 30),
        block(0, 60),
    )

    assert found.pauses == (Span(10, 20), Span(30, 60))


def test_a_block_much_longer_than_the_others_is_a_gap_but_slow_ticks_are_none() -> None:
    found = traced(weight(5, 0), block(0, 60), block(60, 400), block(400, 460))
    assert found.gaps == (Span(120, 400),)

    found = traced(weight(5, 0), *(block(n * 900, n * 900 + 900) for n in range(3)))
    assert found.gaps == ()


def test_time_never_goes_back() -> None:
    found = traced(weight(5, 50), block(50, 110), direct(Direction.PAUSE, 20))

    assert found.pauses == (Span(110, 110),)
    assert found.end == 110


def test_only_the_newest_rollout_is_traced() -> None:
    found = traced(weight(5, 0), block(0, 60), STARTED, weight(7, 1), block(1, 61))

    assert found.steps == (Step(1, 7),)


def test_what_compared_nothing_has_no_trace() -> None:
    first = RolloutStarted("canary", "production", V2, None, at(0))

    assert trace((), BOTH) is None
    assert trace((block(0, 60),), BOTH) is None
    assert trace((STARTED, weight(5, 0)), BOTH) is None
    assert trace((first, weight(5, 0), block(0, 60)), BOTH) is None


def test_drifts_end_by_themselves_by_a_weight_or_never() -> None:
    found = traced(
        weight(5, 0),
        RolloutDrifted("canary", "0 %", at(10)),
        DriftEnded("canary", at(20)),
        RolloutDrifted("canary", "0 %", at(30)),
        block(0, 60),
        weight(5, 70),
        RolloutDrifted("canary", "0 %", at(80)),
        block(70, 130),
    )

    assert found.drifts == (Span(10, 20), Span(30, 70), Span(80, 130))
