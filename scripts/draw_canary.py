"""Draw the pictures of docs/canary.md out of rollouts that were really judged.

python scripts/draw_canary.py            write docs/images/
python scripts/draw_canary.py --check    exit 1 if a picture there is not current

Ten requests a second are drawn at random, with a seed, so the pictures are the same
whenever and wherever they are drawn.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from random import Random

from sluicegate.canary.bounds import bounds_of
from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    JudgeState,
    Observation,
    assess,
    observe,
)
from sluicegate.canary.metric import Metric
from sluicegate.canary.plot.figure import draw
from sluicegate.canary.plot.trace import trace
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    MetricObserved,
    RolloutDirected,
    RolloutEvent,
    RolloutStarted,
    WeightConfirmed,
)
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import CanaryVerdict, Direction, Release
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BEGAN = datetime(2026, 11, 22, 12, tzinfo=UTC)
V1 = Release(Digest.of(b"v1.3"), "v1.3", "1" * 40)
V2 = Release(Digest.of(b"v1.4"), "v1.4", "2" * 40)
PER_SECOND, BLOCK, DEADLINE = 10, 60, 3600
LATENCY = Metric("ttft", MetricKind.LATENCY, edges=(250, 500, 1000), slo=500)
SLOW = (0.3, 0.05, 0.01)
"""The share of stable's requests that take longer than each edge of `LATENCY`."""

Rates = Callable[[float], tuple[float, float]]
"""How often stable and canary fail, so many minutes after the start."""


def steady(stable: float, canary: float) -> Rates:
    """The same all the time."""
    return lambda _: (stable, canary)


def outage(minutes: float) -> tuple[float, float]:
    """Both fail every tenth request for three minutes, as a database is away."""
    away = 6 <= minutes < 9  # noqa: PLR2004 - minutes
    return (0.1, 0.1) if away else (0.005, 0.005)


def late(minutes: float) -> tuple[float, float]:
    """A canary that begins to fail after twelve minutes, as a leak fills its memory."""
    return 0.005, 0.005 if minutes < 12 else 0.04  # noqa: PLR2004 - minutes


@dataclass(frozen=True)
class Story:
    """A rollout to draw.

    ``slower`` is how much more often the canary is slow; None: latency is not judged.
    From ``pause`` to its end, in minutes, people let no more traffic through; between
    ``unread`` nobody could read the counters.
    """

    seed: int
    rates: Rates
    slower: float | None = None
    steps: tuple[int, ...] = (5, 25, 50)
    step_blocks: int = 3
    pause: tuple[float, float] = (inf, inf)
    unread: tuple[float, float] = (inf, inf)


STORIES: Mapping[str, Story] = {
    "canary-promoted": Story(3, steady(0.005, 0.005)),
    "canary-aborted": Story(2, steady(0.005, 0.02)),
    "canary-outage": Story(5, outage, steps=(25, 50), step_blocks=10),
    "canary-late": Story(1, late, step_blocks=10),
    "canary-metrics": Story(4, steady(0.005, 0.005), slower=1.6),
    "canary-paused": Story(
        7, steady(0.005, 0.006), step_blocks=3, pause=(8, 15), unread=(20, 25)
    ),
}


@dataclass
class Rollout:
    """A rollout that is judged while it is made up. Unit: seconds, if not told."""

    story: Story
    settings: JudgeSettings
    random: Random
    now: float = 30.0
    events: list[RolloutEvent] = field(default_factory=list)
    judged: JudgeState = START

    def conduct(self) -> list[RolloutEvent]:
        """All of it, until there is a verdict or the deadline has come."""
        self.events.append(RolloutStarted("canary", "production", V2, V1, BEGAN))
        steps, done = list(self.story.steps), 0
        percent = self._weigh(steps.pop(0))
        is_paused = False
        while self.now < DEADLINE:
            verdict = self._look(percent)
            done += 1
            is_paused = self._pause(is_paused=is_paused)
            seen = done >= self.story.step_blocks and not is_paused
            if verdict is CanaryVerdict.ABORT:
                return self._end(verdict, "evidence")
            if seen and steps:
                percent, done = self._weigh(steps.pop(0)), 0
            elif seen and verdict is CanaryVerdict.PROMOTE:
                return self._end(verdict, "evidence")
        return self._end(CanaryVerdict.ABORT, "deadline")

    def _look(self, percent: int) -> CanaryVerdict:
        """One block, as it is counted, judged and recorded."""
        start = self.now
        first, last = (60 * minutes for minutes in self.story.unread)
        self.now = last if first <= start < last else start + BLOCK
        served = round(PER_SECOND * (self.now - start))
        canary = sum(self.random.random() < percent / 100 for _ in range(served))
        stable = served - canary
        rates = self.story.rates(start / 60)
        block = Block(
            stable=RequestCounts(stable, self._count(stable, rates[0])),
            canary=RequestCounts(canary, self._count(canary, rates[1])),
        )
        slow = {} if self.story.slower is None else {"ttft": self._slow(block)}
        self.judged = observe(
            self.settings, self.judged, Observation(block, slow, self.now - start)
        )
        found = assess(self.settings, self.judged)
        seen = tuple(
            MetricObserved(
                name,
                *(pair.stable, pair.canary, pair.stable, pair.canary),
                found.metrics[name].abort_micronats,
                found.metrics[name].promote_micronats,
            )
            for name, pair in slow.items()
        )
        self.events.append(
            BlockObserved(
                *("canary", len(self.events), percent),
                *(block.stable, block.canary, block.stable, block.canary),
                found.abort_micronats,
                found.promote_micronats,
                _at(start),
                _at(self.now),
                seen,
            )
        )
        return found.verdict

    def _slow(self, block: Block) -> Pair:
        """How many requests took longer than each edge."""
        more = (1.0, self.story.slower or 1.0)
        stable, canary = (
            [self._count(counts.total, share * times) for share in SLOW]
            for counts, times in zip((block.stable, block.canary), more, strict=True)
        )
        return Pair(
            stable=Tally(block.stable.total, tuple(sorted(stable, reverse=True))),
            canary=Tally(block.canary.total, tuple(sorted(canary, reverse=True))),
        )

    def _count(self, requests: int, rate: float) -> int:
        return sum(self.random.random() < rate for _ in range(requests))

    def _pause(self, *, is_paused: bool) -> bool:
        first, last = (60 * minutes for minutes in self.story.pause)
        wanted = first <= self.now < last
        if wanted != is_paused:
            said = Direction.PAUSE if wanted else Direction.RESUME
            self.events.append(
                RolloutDirected("canary", said, "a look", (), _at(self.now))
            )
        return wanted

    def _weigh(self, percent: int) -> int:
        self.events.append(
            WeightConfirmed("canary", percent, NO_REQUESTS, NO_REQUESTS, _at(self.now))
        )
        return percent

    def _end(self, verdict: CanaryVerdict, cause: str) -> list[RolloutEvent]:
        self.events.append(CanaryJudged("canary", verdict, cause, ""))
        self._weigh(100 if verdict is CanaryVerdict.PROMOTE else 0)
        return self.events


def _at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def tell(story: Story) -> tuple[Rollout, list[RolloutEvent]]:
    """Let *story* happen."""
    metrics = () if story.slower is None else (LATENCY,)
    rollout = Rollout(story, JudgeSettings(metrics=metrics), Random(story.seed))  # noqa: S311 - not for secrets
    return rollout, rollout.conduct()


def render() -> dict[str, bytes]:
    """Every picture by the name of its file."""
    pictures = {}
    for name, story in STORIES.items():
        rollout, events = tell(story)
        found = trace(events, bounds_of(rollout.settings))
        if found is None:
            raise ValueError(f"{name}: nothing was compared")
        pictures[f"{name}.svg"] = draw(found)
    return pictures


def main() -> int:
    """Write or compare, and say what is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = 0
    for name, data in render().items():
        path = IMAGES / name
        if path.is_file() and path.read_bytes() == data:
            continue
        stale += 1
        print(f"{'not current' if check else 'written'}: docs/images/{name}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
