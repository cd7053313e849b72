"""Unit tests of `sluicegate.canary.plot.figure`."""

import re
from xml.etree import ElementTree as ET

from rollout_events import STARTED, at, block, metric, weight

from sluicegate.canary.bounds import Bounds
from sluicegate.canary.plot.figure import draw
from sluicegate.canary.plot.trace import Trace, trace
from sluicegate.model.event import CanaryJudged, RolloutDirected, RolloutEvent
from sluicegate.model.rollout import CanaryVerdict, Direction, Release

BOUNDS = {"errors": Bounds(abort=4_605_171, promote=2_995_733)}
SVG = "{http://www.w3.org/2000/svg}"
ABORTED = (
    weight(5, 0),
    block(0, 60, 1_000_000, -500_000),
    weight(25, 60),
    block(60, 120, 5_000_000, -(2**53 - 1), percent=25),
    CanaryJudged("canary", CanaryVerdict.ABORT, "evidence", "it is worse"),
    weight(0, 121),
)


def traced(*events: RolloutEvent, bounds: dict[str, Bounds] = BOUNDS) -> Trace:
    found = trace((STARTED, *events), bounds)
    assert found is not None
    return found


def parse(data: bytes) -> ET.Element:
    return ET.fromstring(data)  # noqa: S314 - our own


def words(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_a_picture_says_what_it_shows_to_those_who_do_not_see_it() -> None:
    root = parse(draw(traced(*ABORTED)))

    assert root.findtext(f"{SVG}title") == "v2 beside v1 in production"
    assert root.findtext(f"{SVG}desc") == (
        "Aborted after 2 min, by evidence. errors: the evidence reached 108 % of what "
        "it takes to abort and 0 % of what it takes to promote. The canary's share of "
        "the traffic: 5 % from 0, 25 % from 1 min, 0 % from 2 min."
    )
    assert root.attrib["role"] == "img"


def test_bounds_weights_and_the_verdict_are_written() -> None:
    shown = words(parse(draw(traced(*ABORTED))))

    for said in (
        "aborted after 2 min, by evidence",
        "abort at 100:1",
        "promote at 20:1",
        "5 %",
        "25 %",
        "2 min",
    ):
        assert said in shown


def test_equal_rollouts_give_equal_bytes() -> None:
    assert draw(traced(*ABORTED)) == draw(traced(*ABORTED))


def test_nothing_is_drawn_outside_of_the_picture() -> None:
    root = parse(draw(traced(*ABORTED)))

    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for each in root.iter(f"{SVG}path"):
        numbers = [
            float(number) for number in re.findall(r"-?[\d.]+", each.attrib["d"])
        ]
        assert all(0 <= x <= width for x in numbers[::2]), each.attrib
        assert all(0 <= y <= height for y in numbers[1::2]), each.attrib


def test_names_are_text_whatever_they_hold() -> None:
    release = Release(STARTED.canary.image, '</text><script>"\x1b[2J', "b" * 40)
    events = (
        type(STARTED)("canary", "a & b", release, STARTED.stable, STARTED.start_ts),
        *ABORTED,
    )
    found = trace(events, BOUNDS)
    assert found is not None

    root = parse(draw(found))

    assert root.findtext(f"{SVG}title") == (
        '</text><script>"\ufffd[2J beside v1 in a & b'
    )
    assert not list(root.iter(f"{SVG}script"))


def test_pauses_and_times_without_data_are_marked_and_explained() -> None:
    found = traced(
        weight(5, 0),
        block(0, 60),
        block(60, 120),
        RolloutDirected("canary", Direction.PAUSE, "wait", (), at(120)),
        block(120, 400),
    )

    root = parse(draw(found))

    kinds = [each.attrib["class"] for each in root.iter(f"{SVG}rect")]
    assert kinds.count("pause") == kinds.count("gap") == 2  # the band, and its sign
    assert {"paused", "no data", "no verdict after 6.7 min"} <= set(words(root))
    desc = root.findtext(f"{SVG}desc") or ""
    assert "Paused from 2 min to 6.7 min." in desc
    assert "Without data from 3 min to 6.7 min." in desc


def test_of_many_metrics_the_first_and_the_leading_ones_are_drawn() -> None:
    names = [f"metric{number}" for number in range(9)]
    bounds = {**BOUNDS, **dict.fromkeys(names, Bounds(None, 1000))}
    metrics = tuple(metric(name, 0, place) for place, name in enumerate(names))
    root = parse(
        draw(traced(weight(5, 0), block(0, 60, metrics=metrics), bounds=bounds))
    )

    shown = words(root)
    assert [word for word in shown if word.startswith(("errors", "metric"))] == [
        "errors",
        *names[4:],
    ]
    assert "and 4 more" in shown


def test_a_rollout_of_ten_thousand_blocks_gives_a_small_picture() -> None:
    blocks = [
        block(
            *(60 * number, 60 * number + 60),
            *((-1) ** number * 1_000_000, number * 100),
            metrics=(metric("memory", number, -number),) * (number % 2),
        )
        for number in range(10_000)
    ]
    pauses = [
        RolloutDirected("canary", (Direction.PAUSE, Direction.RESUME)[n % 2], "", (), e)
        for n, e in enumerate(each.end_ts for each in blocks)
    ]
    bounds = {**BOUNDS, "memory": BOUNDS["errors"]}
    mixed = [each for pair in zip(blocks, pauses, strict=True) for each in pair]

    data = draw(traced(weight(5, 0), *mixed, bounds=bounds))

    assert len(data) < 60_000
