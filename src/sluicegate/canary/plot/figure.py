"""The picture of a rollout: both evidences against their bounds, and the weights. Pure.

    head
    panel: evidence that the canary is worse        - - - - abort - - - -
    panel: evidence that it is acceptable           - - - - promote - - -
    panel: the canary's share of the traffic
    time

Evidence is drawn as a share of its bound, so metrics with different bounds stand side
by side. It is a logarithm: each tenth of the way takes as much of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sluicegate.canary.plot import look, words
from sluicegate.canary.plot.scale import TimeScale, format_time, join, thin
from sluicegate.canary.plot.svg import XY, document, element, path, text
from sluicegate.canary.plot.trace import Line, Point, Span, Trace

MEDIA_TYPE = "image/svg+xml"

PICTURE = "rollout.svg"
"""The evidence file that shows the evidence of a rollout over time."""

_TOP, _BOTTOM = 1.15, -0.45  # of a panel, in shares of the bound
_HEAD = 46.0
_PANEL, _BETWEEN, _SHARE = 112.0, 34.0, 40.0
_LEGEND = 15.0


def draw(trace: Trace) -> bytes:
    """Draw it as SVG; of bounded size, however long it went on."""
    lines = _leading(trace.lines)
    first = _HEAD + _BETWEEN
    second = first + _PANEL + _BETWEEN
    third = second + _PANEL + _BETWEEN
    foot = third + _SHARE
    height = round(foot + 40)
    time = TimeScale(max(trace.end, 1.0), look.LEFT, look.RIGHT)
    abort = _Panel(first, "Evidence that the canary is worse", "abort")
    promote = _Panel(second, "Evidence that it is acceptable", "promote")
    inside = [
        element("rect", width=look.WIDTH, height=height, class_="bg"),
        *_head(trace),
        *_legend(lines, len(trace.lines)),
        *_bands(trace, time, (first, foot)),
        *_panel(abort, lines, time, lambda point: point.abort),
        *_panel(promote, lines, time, lambda point: point.promote),
        *_shares(trace, time, third),
        *_times(time, foot),
        *_mark(trace, time, (first, foot)),
    ]
    return document(
        inside,
        size=(look.WIDTH, height),
        title=words.title(trace),
        desc=words.describe(trace),
        style=look.STYLE,
    )


@dataclass(frozen=True, slots=True)
class _Panel:
    """A panel below *top*; *kind* is the verdict that its bound stands for."""

    top: float
    title: str
    kind: str

    def y(self, share: float) -> float:
        """Where a share of the bound is; what lies outside is at the edge."""
        inside = min(_TOP, max(_BOTTOM, share))
        return self.top + _PANEL * (_TOP - inside) / (_TOP - _BOTTOM)

    def needed(self, line: Line) -> int | None:
        return line.bounds.abort if self.kind == "abort" else line.bounds.promote


def _leading(lines: Sequence[Line]) -> list[Line]:
    """As many as can be told apart: the first, and those that came the farthest."""

    def far(line: Line) -> float:
        return max(
            words.way(line.last.abort, line.bounds.abort),
            words.way(line.last.promote, line.bounds.promote),
        )

    best = sorted(lines[1:], key=far, reverse=True)[: look.LINES - 1]
    return [line for line in lines if line is lines[0] or line in best]


def _head(trace: Trace) -> Iterator[str]:
    kind = "" if trace.judged is None else trace.judged.verdict
    yield text(words.title(trace), (16, 24), class_="head")
    yield text(words.outcome(trace), (16, 42), class_=kind)


def _legend(lines: Sequence[Line], of: int) -> Iterator[str]:
    """The names of the metrics, beside the panels; of one alone there is no need."""
    if len(lines) == 1:
        return
    x, y = look.RIGHT + 8, _HEAD + _BETWEEN + 40
    for place, line in enumerate(lines):
        yield path([[(x, y - 4), (x + 18, y - 4)]], f"m m{place}")
        yield text(words.shorten(line.metric, 14), (x + 24, y), class_="quiet")
        y += _LEGEND
    if of > len(lines):
        yield text(f"and {of - len(lines)} more", (x + 24, y), class_="quiet")


def _bands(trace: Trace, time: TimeScale, ends: tuple[float, float]) -> Iterator[str]:
    """Times in which nothing was counted or nothing could be promoted."""
    x, y = look.RIGHT + 8, ends[1] - _SHARE + 6
    for class_, word, spans in (
        ("pause", "paused", trace.pauses),
        ("drift", "drifted", trace.drifts),
        ("gap", "no data", trace.gaps),
    ):
        for left, right in _merge(spans, time):
            yield _band((left, ends[0]), (right, ends[1]), class_)
        if spans:
            yield _band((x, y - 9), (x + 18, y + 1), class_)
            yield text(word, (x + 24, y), class_="quiet")
            y += _LEGEND


def _band(start: XY, end: XY, class_: str) -> str:
    (left, top), (right, foot) = start, end
    wide, high = max(1.0, right - left), foot - top
    return element("rect", x=left, y=top, width=wide, height=high, class_=class_)


def _merge(spans: Sequence[Span], time: TimeScale) -> list[tuple[float, float]]:
    """Spans in pixels; those that would touch are one."""
    merged: list[tuple[float, float]] = []
    for span in spans:
        left, right = time.x(span.start), time.x(span.end)
        if merged and left - merged[-1][1] < 1:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return merged


def _panel(
    panel: _Panel,
    lines: Sequence[Line],
    time: TimeScale,
    value: Callable[[Point], int],
) -> Iterator[str]:
    yield text(panel.title, (look.LEFT, panel.top - 7))
    for share in (0.0, 0.5):
        yield path([_across(panel.y(share))], "axis" if share == 0 else "grid")
    yield path([_across(panel.y(1))], panel.kind)
    for share in (0, 50, 100):
        beside = (look.LEFT - 6, panel.y(share / 100) + 4)
        yield text(f"{share} %" if share else "0", beside, class_="quiet end")
    judged = [needed for line in lines if (needed := panel.needed(line))]
    bound = panel.kind
    if len(set(judged)) == 1:
        bound = f"{bound} at {words.odds(judged[0])}:1"
    yield text(bound, (look.RIGHT + 6, panel.y(1) + 4), class_=panel.kind)
    for place, line in reversed(list(enumerate(lines))):
        needed = panel.needed(line)
        if needed is not None:
            parts = [
                [
                    (time.x(p.seconds), panel.y(words.way(value(p), needed)))
                    for p in part
                ]
                for part in line.parts
            ]
            yield path(map(thin, join(parts)), f"m m{place}")


def _across(y: float) -> list[XY]:
    return [(look.LEFT, y), (look.RIGHT, y)]


def _shares(trace: Trace, time: TimeScale, top: float) -> Iterator[str]:
    yield text("The canary's share of the traffic", (look.LEFT, top - 7))
    foot = top + _SHARE
    ends = [*(step.seconds for step in trace.steps[1:]), trace.end]
    outline: list[XY] = []
    labels: list[str] = []
    free = 0.0
    for step, end in zip(trace.steps, ends, strict=True):
        left, right = time.x(step.seconds), time.x(end)
        y = foot - _SHARE * step.percent / 100
        outline += [(left, y), (right, y)]
        word = f"{step.percent} %"
        if left >= free:
            free = left + 7.0 * len(word)
            beside = min(left + 2, look.RIGHT + 4)
            labels.append(text(word, (beside, foot - 4), class_="percent"))
    if outline:
        around = [(outline[0][0], foot), *thin(outline), (outline[-1][0], foot)]
        yield path([around], "share")
    yield from labels


def _times(time: TimeScale, foot: float) -> Iterator[str]:
    yield path([_across(foot)], "axis")
    ticks = time.ticks()
    yield path([[(time.x(t), foot), (time.x(t), foot + 4)] for t in ticks], "axis")
    for seconds in ticks:
        place = (time.x(seconds), foot + 17)
        yield text(format_time(seconds), place, class_="quiet mid")


def _mark(trace: Trace, time: TimeScale, ends: tuple[float, float]) -> Iterator[str]:
    if trace.judged is None:
        return
    x = time.x(trace.judged.seconds)
    yield path([[(x, ends[0]), (x, ends[1])]], "mark")
    yield element("circle", cx=x, cy=ends[0], r=4, class_="dot")
