"""Releases with traffic as steady as can be: blocks of equal size, until the verdict.

Failures are binomial. Pure Python, so that the figures can be repeated anywhere.
"""

import math
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    Observation,
    decide,
    observe,
)
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

SEED = 1
MOST = 50_000
"""Canary requests after which a release counts as undecided."""


@dataclass(frozen=True)
class Arm:
    """Requests per block, and the share of them that fails."""

    requests: int
    rate: float

    def chances(self) -> list[float]:
        """Of at most 0, 1, 2, ... failures; all but the last."""
        n, log_odds = self.requests, math.log(self.rate / (1 - self.rate))
        return list(
            accumulate(
                math.exp(
                    math.lgamma(n + 1)
                    - math.lgamma(x + 1)
                    - math.lgamma(n - x + 1)
                    + x * log_odds
                    + n * math.log1p(-self.rate)
                )
                for x in range(n)
            )
        )


@dataclass(frozen=True)
class Release:
    """How a simulated release ended, after so many canary requests."""

    verdict: CanaryVerdict
    requests: int


def simulate(
    settings: JudgeSettings, canary: Arm, stable: Arm, *, releases: int
) -> list[Release]:
    blocks = draw(canary, stable)
    return [judge(settings, blocks) for _ in range(releases)]


def draw(canary: Arm, stable: Arm) -> Iterator[Block]:
    """Blocks without end."""
    random = Random(f"{SEED} {canary} {stable}")  # noqa: S311 - not for secrets
    tables = [(arm.requests, arm.chances()) for arm in (canary, stable)]
    while True:
        counts = [
            RequestCounts(requests, bisect(table, random.random()))
            for requests, table in tables
        ]
        yield Block(canary=counts[0], stable=counts[1])


def judge(settings: JudgeSettings, blocks: Iterator[Block]) -> Release:
    """The first verdict, or hold once there are `MOST` canary requests."""
    state = START
    while state.canary.total < MOST:
        state = observe(settings, state, Observation(next(blocks)))
        verdict = decide(settings, state)
        if verdict is not CanaryVerdict.HOLD:
            return Release(verdict, state.canary.total)
    return Release(CanaryVerdict.HOLD, state.canary.total)
