"""How the evidence of a canary came about, as text that stands still. Pure.

GitHub takes SVG out of what it shows, and draws Mermaid in a frame of its own that
mails, terminals and older servers do not have. Lines of blocks are the same everywhere.

    traffic   ▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▂▂▂▂▂▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄█   5 → 25 → 50 → 100 %
    errors
      worse   ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁   4 % of what it takes to abort
      fine    ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▄▅▅▅▅▅▆▆▆▆▆▇▇▇▇▇██████   enough to promote
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from sluicegate.canary.plot import words
from sluicegate.canary.plot.scale import format_time
from sluicegate.canary.plot.trace import Line, Trace

_COLUMNS = 48
_LEVELS = "▁▂▃▄▅▆▇█"
_NONE = "·"  # a time without data
_LINES = 4  # metrics
_WEIGHTS = 8
_NAME = 16


def plot(trace: Trace) -> list[str]:
    """A few lines of text, not escaped, each of bounded width."""
    shown = _leading(trace.lines)
    width = max(
        len("traffic"), *(len(words.shorten(one.metric, _NAME)) for one in shown)
    )
    width = max(width, len("  worse"))
    lines = [f"{'traffic':<{width}}  {_weights(trace)}  {_say_weights(trace)}"]
    for line in shown:
        lines += _metric(trace, line, width)
    left, right = "0", format_time(trace.end)
    lines.append(f"{'':<{width}}  {left}{right:>{_COLUMNS - len(left)}}")
    hidden = len(trace.lines) - len(shown)
    if hidden:
        lines.append(f"and {hidden} more metric{'s' * (hidden > 1)}")
    return lines


def _leading(lines: Sequence[Line]) -> list[Line]:
    """The first, and those whose evidence came the farthest."""

    def far(line: Line) -> float:
        return max(
            words.way(line.last.abort, line.bounds.abort),
            words.way(line.last.promote, line.bounds.promote),
        )

    best = sorted(lines[1:], key=far, reverse=True)[: _LINES - 1]
    return [line for line in lines if line is lines[0] or line in best]


def _metric(trace: Trace, line: Line, width: int) -> Iterator[str]:
    yield words.shorten(line.metric, _NAME)
    points = [point for part in line.parts for point in part]
    times = [point.seconds for point in points]
    for name, what, needed, reached in (
        ("worse", "abort", line.bounds.abort, [one.abort for one in points]),
        ("fine", "promote", line.bounds.promote, [one.promote for one in points]),
    ):
        if needed is None:
            continue
        shares = [words.way(each, needed) for each in reached]
        bars = _bars(trace, times, shares)
        yield f"{f'  {name}':<{width}}  {bars}  {_say(max(0.0, *shares))} {what}"


def _say(share: float) -> str:
    """How far the evidence has ever come, of what it takes."""
    return "enough to" if share >= 1 else f"{int(100 * share)} % of what it takes to"


def _bars(trace: Trace, times: Sequence[float], shares: Sequence[float]) -> str:
    """The last evidence before each moment, as a share of what it takes."""
    bars = []
    for moment in _moments(trace):
        place = bisect_right(times, moment)
        is_gap = any(gap.start < moment < gap.end for gap in trace.gaps)
        bars.append(_NONE if not place or is_gap else _level(shares[place - 1]))
    return "".join(bars)


def _weights(trace: Trace) -> str:
    times = [step.seconds for step in trace.steps]
    found = (bisect_right(times, moment) for moment in _moments(trace))
    return "".join(
        _level(trace.steps[place - 1].percent / 100) if place else _NONE
        for place in found
    )


def _say_weights(trace: Trace) -> str:
    percents = [str(step.percent) for step in trace.steps]
    if len(percents) > _WEIGHTS:
        percents = [*percents[:2], "…", *percents[2 - _WEIGHTS :]]
    return f"{' → '.join(percents)} %" if percents else "none"


def _moments(trace: Trace) -> Iterator[float]:
    """The ends of equal parts of the rollout, so that the last is how it stands."""
    for column in range(1, _COLUMNS + 1):
        yield trace.end * column / _COLUMNS


def _level(share: float) -> str:
    top = len(_LEVELS) - 1
    return _LEVELS[min(top, max(0, int(share * top + 0.5)))]
