"""The figures as plots: wrong verdicts of every contestant, and how fast they are."""

import zlib
from collections.abc import Iterable, Sequence
from math import inf, log10
from operator import attrgetter

from canary.checks import keeps_alpha
from canary.contestant import MINUTES
from canary.field import CONTESTANTS, HARMLESS, OURS, OURS_IID, WITHIN_SIGMA
from canary.result import Results
from canary.svg import COLOURS, INK, Drawing
from canary.world import TRAFFIC, Cell, Scenario, Weight

_ROW = 26
_LEFT = 195
_WIDE = 300
_TOP = 44
_MARGIN = 40

SHOWN_RATE = 0.005
SHOWN_WEIGHT = Weight.W10
SHOWN_RATIOS = (2.0, 5.0, 10.0)
SHOWN_NAMES = (
    "kayenta, production",
    "kayenta",
    "flagger",
    "argo, failureLimit 3",
    "argo",
    OURS_IID,
    OURS,
)


def plot_errors(
    cells: Sequence[Cell], results: Results, *, alpha: float, beta: float
) -> str:
    """A dot for every cell: how often each contestant is wrong in it."""
    names = [each.name for each in CONTESTANTS]
    height = _TOP + _ROW * len(names) + 30
    drawing = Drawing(
        _LEFT + 2 * _WIDE + 2 * _MARGIN, height, "Wrong verdicts, a dot for each cell"
    )
    good = [c for c in cells if c.ratio == 1 and c.scenario in HARMLESS]
    bad = [c for c in cells if c.ratio is None and c.scenario in WITHIN_SIGMA]
    panels = (
        ("good canaries that are aborted", good, attrgetter("abort_rate"), alpha),
        (
            "unacceptable canaries that are promoted",
            bad,
            attrgetter("promote_rate"),
            beta,
        ),
    )
    for row, name in enumerate(names):
        drawing.text((_LEFT - 10, _TOP + _ROW * (row + 0.65)), name, anchor="end")
    for number, (title, chosen, rate, bound) in enumerate(panels):
        left = _LEFT + number * (_WIDE + _MARGIN)
        _frame(drawing, left, height, title, bound)
        for row, name in enumerate(names):
            for cell in chosen:
                result = results.get(cell.key, {}).get(name)
                if result is not None:
                    wobble = zlib.crc32(cell.key.encode()) % 100 / 100 - 0.5
                    y = _TOP + _ROW * (row + 0.5 + 0.6 * wobble)
                    colour = COLOURS[0] if name.startswith("sluicegate") else COLOURS[3]
                    drawing.dot((left + _WIDE * rate(result), y), colour, opacity=0.35)
    return drawing.render()


def _frame(
    drawing: Drawing, left: float, height: int, title: str, bound: float
) -> None:
    bottom = height - 30
    drawing.text((left, 18), title, size=13)
    for percent in (0, 25, 50, 75, 100):
        x = left + _WIDE * percent / 100
        drawing.line((x, bottom), (x, bottom + 4))
        drawing.text((x, bottom + 17), f"{percent} %", anchor="middle", size=11)
    drawing.line((left, bottom), (left + _WIDE, bottom))
    x = left + _WIDE * bound
    drawing.line((x, _TOP - 8), (x, bottom), "#d00000", dashed=True)
    drawing.text((x + 3, _TOP - 10), f"promised {100 * bound:g} %", size=10)


def plot_delays(results: Results) -> str:
    """Minutes until half of the regressions are found, by traffic."""
    names = SHOWN_NAMES
    high = 220
    drawing = Drawing(
        60 + len(SHOWN_RATIOS) * 230 + 170,
        high + 106,
        "Minutes until half of the regressions are aborted",
    )
    for number, ratio in enumerate(SHOWN_RATIOS):
        left = 50 + number * 230
        _delay_axes(drawing, left, high, f"{ratio:g} times stable's errors")
        for index, name in enumerate(names):
            points = list(_points(results, name, ratio, left, high))
            colour = COLOURS[-1 - index]
            drawing.path([point for point, _ in points], colour)
            for point, trusted in points:
                drawing.dot(point, colour, radius=3.5, opacity=float(trusted))
    for index, name in enumerate(names):
        y = 50 + index * 20
        x = 50 + len(SHOWN_RATIOS) * 230
        drawing.dot((x, y - 4), COLOURS[-1 - index], radius=4)
        drawing.text((x + 10, y), name)
    drawing.text(
        (50, high + 80),
        f"{100 * SHOWN_RATE:g} % errors in stable, {SHOWN_WEIGHT.value} of the traffic"
        " on the canary; a line ends where fewer than half are found in an hour.",
        size=11,
    )
    drawing.text(
        (50, high + 96),
        "Hollow: aborts more than 1 % of the canaries that are as good as stable.",
        size=11,
    )
    return drawing.render()


def _points(
    results: Results, name: str, ratio: float, left: float, high: float
) -> Iterable[tuple[tuple[float, float], bool]]:
    """Points of a line, and whether an abort means anything there."""
    for step, traffic in enumerate(TRAFFIC):
        cell = Cell(traffic, SHOWN_WEIGHT, SHOWN_RATE, ratio, Scenario.CLEAN)
        result = results.get(cell.key, {}).get(name)
        if result is not None and result.delay < inf:
            good = results.get(cell.like_stable.key, {}).get(name)
            trusted = good is not None and keeps_alpha(good)
            yield (left + 20 + 55 * step, _height(result.delay, high)), trusted


def _height(minutes: float, high: float) -> float:
    """Logarithmic, from a quarter of a minute to the hour."""
    part = (log10(minutes) - log10(0.25)) / (log10(MINUTES) - log10(0.25))
    return 40 + high * (1 - part)


def _delay_axes(drawing: Drawing, left: float, high: float, title: str) -> None:
    drawing.text((left, 18), title, size=13)
    for minutes in (0.25, 1, 5, 10, 30, 60):
        y = _height(minutes, high)
        drawing.line((left, y), (left + 200, y), INK + "55")
        drawing.text((left - 6, y + 4), f"{minutes:g}", anchor="end", size=11)
    for step, traffic in enumerate(TRAFFIC):
        drawing.text(
            (left + 20 + 55 * step, 40 + high + 18),
            f"{traffic}/s",
            anchor="middle",
            size=11,
        )
