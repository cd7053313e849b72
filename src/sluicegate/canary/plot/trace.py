"""The evidence of a rollout over time, out of its events. Pure.

Traps:
    `CanaryJudged` has no time of its own: it is put where the last thing before it was
    seen. Ticks from cron make blocks longer than planned, so what counts as a gap is
    measured against the rollout's own blocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_low

from sluicegate.canary.bounds import Bounds
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    DriftEnded,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
)
from sluicegate.model.rollout import Direction

ERRORS = "errors"
_GAP = 2  # times as long as the other blocks


@dataclass(frozen=True, slots=True)
class Point:
    """Evidence after a block, in micronats; *seconds* from the rollout's start."""

    seconds: float
    abort: int
    promote: int


@dataclass(frozen=True, slots=True)
class Line:
    """A metric over time; between two parts there were blocks without it."""

    metric: str
    bounds: Bounds
    parts: tuple[tuple[Point, ...], ...]

    @property
    def last(self) -> Point:
        """The evidence at the end."""
        return self.parts[-1][-1]


@dataclass(frozen=True, slots=True)
class Span:
    """From *start* to *end*, in seconds from the start of the rollout."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Step:
    """The canary's weight in percent from *seconds* on."""

    seconds: float
    percent: int


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict; *cause* as `CanaryJudged` has it."""

    seconds: float
    verdict: str
    cause: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A rollout as it is drawn. Times in seconds from its start.

    ``before`` is the stable release. ``drifts`` are times in which others had changed
    what serves, ``gaps`` times in which nothing could be read.
    ``end`` is the newest time known, 0 at least.
    """

    environment: str
    release: str
    before: str
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    pauses: tuple[Span, ...]
    drifts: tuple[Span, ...]
    gaps: tuple[Span, ...]
    judged: Judged | None
    end: float


def trace(events: Iterable[RolloutEvent], bounds: Mapping[str, Bounds]) -> Trace | None:
    """The newest rollout in *events*, oldest first; None if it compared nothing.

    Args:
        events: of one stage.
        bounds: of each metric by name; a metric without any is left out.
    """
    found: _Tracing | None = None
    for event in events:
        if isinstance(event, RolloutStarted):
            found = _Tracing(event)
        elif found is not None:
            found.see(event)
    if found is None or found.started.stable is None or not found.blocks:
        return None
    return found.finish(bounds)


@dataclass
class _Tracing:
    """A rollout, as far as its events were read."""

    started: RolloutStarted
    now: float = 0.0
    blocks: list[BlockObserved] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    pauses: list[Span] = field(default_factory=list)
    paused: float | None = None
    drifts: list[Span] = field(default_factory=list)
    drifted: float | None = None
    judged: Judged | None = None

    def see(self, event: RolloutEvent) -> None:
        match event:
            case WeightConfirmed():
                at = self._pass(event.at)
                self._settle(at)
                if not self.steps or self.steps[-1].percent != event.percent:
                    self.steps.append(Step(at, event.percent))
            case BlockObserved():
                self._pass(event.end_ts)
                self.blocks.append(event)
            case RolloutDirected():
                self._direct(event.direction, self._pass(event.at))
            case RolloutDrifted():
                self.drifted = self._pass(event.at)
            case DriftEnded():
                self._settle(self._pass(event.at))
            case CanaryJudged():
                self.judged = Judged(self.now, event.verdict.value, event.cause)
            case RolloutFinished():
                self._pass(event.end_ts)
            case _:
                pass

    def _direct(self, direction: Direction, at: float) -> None:
        if direction is Direction.PAUSE and self.paused is None:
            self.paused = at
        elif direction is not Direction.PAUSE and self.paused is not None:
            self.pauses.append(Span(self.paused, at))
            self.paused = None

    def _settle(self, at: float) -> None:
        """What serves is as it was set from *at* on."""
        if self.drifted is not None:
            self.drifts.append(Span(self.drifted, at))
        self.drifted = None

    def finish(self, bounds: Mapping[str, Bounds]) -> Trace:
        pauses = list(self.pauses)
        if self.paused is not None:
            pauses.append(Span(self.paused, self.now))
        self._settle(self.now)
        stable = self.started.stable
        return Trace(
            environment=self.started.environment,
            release=self.started.canary.name,
            before="" if stable is None else stable.name,
            lines=tuple(self._lines(bounds)),
            steps=tuple(self.steps),
            pauses=tuple(pauses),
            drifts=tuple(self.drifts),
            gaps=tuple(_find_gaps([self._span(block) for block in self.blocks])),
            judged=self.judged,
            end=self.now,
        )

    def _lines(self, bounds: Mapping[str, Bounds]) -> Iterable[Line]:
        begin = self._seconds(self.blocks[0].start_ts)
        seen = [(self._seconds(b.end_ts), _evidence(b)) for b in self.blocks]
        for metric, needed in bounds.items():
            parts = _parts(metric, begin, seen)
            if parts:
                yield Line(metric, needed, parts)

    def _span(self, block: BlockObserved) -> Span:
        return Span(self._seconds(block.start_ts), self._seconds(block.end_ts))

    def _pass(self, at: datetime) -> float:
        """Let time go on to *at*, never back."""
        self.now = max(self.now, self._seconds(at))
        return self.now

    def _seconds(self, at: datetime) -> float:
        return max(0.0, (at - self.started.start_ts).total_seconds())


def _evidence(block: BlockObserved) -> dict[str, tuple[int, int]]:
    found = {ERRORS: (block.abort_micronats, block.promote_micronats)}
    for each in block.metrics:
        found[each.metric] = (each.abort_micronats, each.promote_micronats)
    return found


def _parts(
    metric: str, begin: float, seen: Sequence[tuple[float, dict[str, tuple[int, int]]]]
) -> tuple[tuple[Point, ...], ...]:
    parts: list[list[Point]] = [[Point(begin, 0, 0)]]
    for seconds, evidence in seen:
        if metric in evidence:
            parts[-1].append(Point(seconds, *evidence[metric]))
        elif parts[-1]:
            parts.append([])
    kept = [tuple(part) for part in parts if part]
    if sum(map(len, kept)) == 1:
        return ()  # it was never read
    return tuple(kept)


def _find_gaps(blocks: Sequence[Span]) -> Iterable[Span]:
    usual = median_low(block.end - block.start for block in blocks)
    for block in blocks:
        if block.end - block.start > _GAP * usual > 0:
            yield Span(block.start + usual, block.end)
