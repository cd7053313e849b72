"""What a picture says in words: its head, and what a screen reader tells. Pure."""

from math import exp, log

from sluicegate.canary.bounds import Bounds
from sluicegate.canary.plot.scale import format_time
from sluicegate.canary.plot.trace import Judged, Line, Trace

_VERDICTS = {"promote": "promoted", "abort": "aborted", "hold": "held"}
_CAUSES = {
    "evidence": "by evidence",
    "deadline": "at its deadline",
    "directed": "as people decided",
    "unhealthy": "as it did not become healthy",
    "crashed": "as it ended",
    "superseded": "as another release came",
}
_LONGEST = 40
_MOST_WEIGHTS = 20
_MICRONATS = 1_000_000
_MOST_NATS = 16  # as many digits as can be read


def title(trace: Trace) -> str:
    """Which release, beside which, and where."""
    return (
        f"{shorten(trace.release)} beside {shorten(trace.before)}"
        f" in {shorten(trace.environment)}"
    )


def outcome(trace: Trace) -> str:
    """How the rollout stands, and since when."""
    if trace.judged is None:
        return f"no verdict after {format_time(trace.end)}"
    return tell(trace.judged)


def tell(judged: Judged) -> str:
    """``aborted after 12 min, by evidence``."""
    verdict = _VERDICTS.get(judged.verdict, judged.verdict)
    cause = _CAUSES.get(judged.cause, judged.cause)
    return f"{verdict} after {format_time(judged.seconds)}, {cause}"


def describe(trace: Trace) -> str:
    """All that is drawn, as sentences."""
    said = [f"{outcome(trace).capitalize()}."]
    said += [_describe_line(line) for line in trace.lines]
    weights = [
        f"{each.percent} % from {format_time(each.seconds)}"
        for each in trace.steps[:_MOST_WEIGHTS]
    ]
    if weights:
        said.append(f"The canary's share of the traffic: {', '.join(weights)}.")
    for what, spans in (
        ("Paused", trace.pauses),
        ("Drifted", trace.drifts),
        ("Without data", trace.gaps),
    ):
        if spans:
            first = f"{format_time(spans[0].start)} to {format_time(spans[0].end)}"
            more = len(spans) - 1
            said.append(f"{what} from {first}{f' and {more} more times' * bool(more)}.")
    return " ".join(said)


def way(micronats: int, needed: int | None) -> float:
    """How far evidence has come to its bound: 1 is there; 0 without any bound."""
    return micronats / needed if needed else 0.0


def odds(needed: int) -> str:
    """A bound as odds to one: ``100``, ``1 000``."""
    nats = needed / _MICRONATS
    if nats > _MOST_NATS:
        return f"10^{round(nats / log(10))}"
    return f"{exp(nats):,.0f}".replace(",", " ")


def shorten(name: str, most: int = _LONGEST) -> str:
    """*name* in at most *most* characters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _describe_line(line: Line) -> str:
    highest = _highest(line)
    parts = [
        f"{percent} % of what it takes to {what}"
        for what, percent in (
            ("abort", highest.abort),
            ("promote", highest.promote),
        )
        if percent is not None
    ]
    return f"{shorten(line.metric)}: the evidence reached {' and '.join(parts)}."


def _highest(line: Line) -> Bounds:
    """The most of each evidence, in percent of its bound."""
    points = [point for part in line.parts for point in part]
    bounds = line.bounds

    def percent(most: int, needed: int | None) -> int | None:
        return None if needed is None else int(100 * max(0.0, way(most, needed)))

    return Bounds(
        percent(max(point.abort for point in points), bounds.abort),
        percent(max(point.promote for point in points), bounds.promote),
    )
