"""Rehearse rollouts with made-up traffic, judged as real ones are. Pure.

Requests come evenly and fail independently of each other: what real traffic has of
noise makes it slower. Whoever calls brings the random numbers.
"""

from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, exp, floor, inf, lgamma, log, log1p, sqrt

from sluicegate.canary.judge import START, Observation, decide, observe, stands
from sluicegate.canary.preflight import Schedule, Traffic
from sluicegate.canary.settings import JudgeSettings
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

_FINE = 20  # looks are at most this part of the time that has passed apart
_TAIL = 10  # standard deviations of a number of failures that are tabulated


@dataclass(frozen=True, slots=True)
class Ending:
    """How a rehearsed rollout ended.

    Attributes:
        verdict: hold if there was none.
        seconds: since the first weight; infinite if there was no verdict.
    """

    verdict: CanaryVerdict
    seconds: float


@dataclass
class Rehearsal:
    """Rehearses rollouts of a canary that fails *times* as often as stable.

    Attributes:
        settings: of the judge.
        schedule: its deadline does not end anything here.
        traffic: of both releases together.
        times: 1 for a canary as good as stable; times the error rate is below 1.
        horizon: seconds after which a rollout ends without a verdict.
        draw: random numbers in ``[0, 1)``.
    """

    settings: JudgeSettings
    schedule: Schedule
    traffic: Traffic
    times: float
    horizon: float
    draw: Callable[[], float]
    _tables: dict[tuple[int, float], tuple[int, list[float]]] = field(
        default_factory=dict
    )

    def run(self) -> Ending:
        """One rollout."""
        schedule, state = self.schedule, START
        blocks, step, at_step = 0, 0, 0
        while blocks * schedule.block_seconds < self.horizon:
            last = step == len(schedule.steps) - 1
            left = schedule.step_blocks - at_step
            stride = max(1, blocks // _FINE)
            count = stride if last and left <= 0 else min(stride, left)
            seen = self._block(schedule.steps[step] / 100, blocks, blocks + count)
            blocks += count
            at_step += count if seen.canary.total else 0
            seconds = count * schedule.block_seconds
            state = observe(self.settings, state, Observation(seen, seconds=seconds))
            verdict = decide(self.settings, state)
            ready = at_step >= schedule.step_blocks
            if verdict is CanaryVerdict.ABORT or (
                verdict is CanaryVerdict.PROMOTE
                and last
                and ready
                and stands(self.settings, state)
            ):
                return Ending(verdict, blocks * schedule.block_seconds)
            if ready and not last:
                step, at_step = step + 1, 0
        return Ending(CanaryVerdict.HOLD, inf)

    def _block(self, share: float, start: int, end: int) -> Block:
        """The requests from block *start* to *end*; fractions are carried over."""
        speed = self.traffic.requests_per_second * self.schedule.block_seconds
        counts = []
        for part, rate in (
            (1 - share, self.traffic.error_rate),
            (share, self.times * self.traffic.error_rate),
        ):
            total = floor(speed * part * end) - floor(speed * part * start)
            counts.append(RequestCounts(total, self._failed(total, rate)))
        return Block(stable=counts[0], canary=counts[1])

    def _failed(self, requests: int, rate: float) -> int:
        """A binomial number."""
        if requests == 0:
            return 0
        if (requests, rate) not in self._tables:
            self._tables[requests, rate] = tabulate(requests, rate)
        least, table = self._tables[requests, rate]
        return least + bisect(table, self.draw(), hi=len(table) - 1)


def tabulate(requests: int, rate: float) -> tuple[int, list[float]]:
    """Chances of at most so many failures, and how many the first is about.

    Args:
        requests: above 0.
        rate: in ``(0, 1)``.
    """
    mean, odds = requests * rate, log(rate) - log1p(-rate)
    reach = _TAIL * (1 + sqrt(mean * (1 - rate)))
    least, most = max(0, floor(mean - reach)), min(requests, ceil(mean + reach))
    ways = lgamma(requests + 1) + requests * log1p(-rate)
    chances = (
        exp(ways - lgamma(x + 1) - lgamma(requests - x + 1) + x * odds)
        for x in range(least, most + 1)
    )
    return least, list(accumulate(chances))
