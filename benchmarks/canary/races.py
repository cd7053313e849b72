"""Requests until the verdict beside the limit for any test, without noise.

The i.i.d. form, with every canary request a block of its own and the requests of stable
that come with it, since the limit knows no blocks: mean requests over Wald's lower
bound, which no sequential test with the same error rates can beat in the mean. Beside
it the default form, which looks once in `BATCH` canary requests and lets no batch say
more than two equal machines might differ by.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import Pool
from statistics import fmean

from canary.steady import Arm, simulate
from sluicegate.canary.judge import JudgeSettings
from sluicegate.canary.plan import abort_limit, promote_limit
from sluicegate.model.rollout import CanaryVerdict

PLAIN = JudgeSettings(sigma=None)
DEFAULT = JudgeSettings()

MOST_TO_ABORT = 1.6
MOST_TO_PROMOTE = 1.3

BATCH = 60
"""Canary requests in a batch of the default form; at one a second it takes 60 s."""

_NEVER = 1e-300  # an error rate at which a verdict is all but impossible


@dataclass(frozen=True)
class Race:
    """The true rates of canary and stable, the canary's share, and what is to come."""

    canary: float
    stable: float
    share: float
    verdict: CanaryVerdict

    @property
    def name(self) -> str:
        rates = f"{100 * self.stable:g} % against {100 * self.canary:g} %"
        if self.verdict is CanaryVerdict.PROMOTE:
            rates = f"{100 * self.stable:g} % in both"
        return f"{self.verdict.value}, {rates}, {100 * self.share:g} % share"

    @property
    def limit(self) -> float:
        """Fewest canary requests, in the mean, of any test."""
        alpha, beta, share = PLAIN.alpha, PLAIN.beta, self.share
        if self.verdict is CanaryVerdict.ABORT:
            rates = (self.canary, self.stable)
            return abort_limit(rates, share=share, alpha=alpha, beta=beta)
        return promote_limit(
            self.stable, share=share, alpha=alpha, beta=beta, margin=PLAIN.margin
        )

    def blocks_of(self, requests: int) -> tuple[Arm, Arm]:
        """Both arms of a block with *requests* of the canary."""
        others = round(requests * (1 - self.share) / self.share)
        return Arm(requests, self.canary), Arm(others, self.stable)


def _abort(canary: float, stable: float, share: float) -> Race:
    return Race(canary, stable, share, CanaryVerdict.ABORT)


def _promote(rate: float, share: float) -> Race:
    return Race(rate, rate, share, CanaryVerdict.PROMOTE)


RACES = (
    _abort(0.02, 0.01, share=0.05),
    _abort(0.02, 0.01, share=0.1),
    _abort(0.05, 0.01, share=0.1),
    _abort(0.02, 0.01, share=0.5),
    _abort(0.05, 0.01, share=0.5),
    _abort(0.005, 0.001, share=0.1),
    _promote(0.001, share=0.1),
    _promote(0.005, share=0.1),
    _promote(0.01, share=0.1),
    _promote(0.005, share=0.5),
)


@dataclass(frozen=True)
class Time:
    """Mean canary requests until the verdict.

    ``singly``: of the i.i.d. form, block by block of one. ``batched``: of the default
    form, in batches.
    """

    race: Race
    singly: float
    batched: float

    @property
    def ratio(self) -> float:
        """Of the i.i.d. form to the limit."""
        return self.singly / self.race.limit

    @property
    def allowed(self) -> float:
        """The largest ratio that is good enough."""
        aborting = self.race.verdict is CanaryVerdict.ABORT
        return MOST_TO_ABORT if aborting else MOST_TO_PROMOTE


def run_races(races: Sequence[Race], *, releases: int, processes: int) -> list[Time]:
    """Run *races*, each over *releases* releases."""
    run = partial(run_race, releases=releases)
    if processes == 1:
        return list(map(run, races))
    with Pool(processes) as pool:
        return pool.map(run, races, chunksize=1)


def run_race(race: Race, *, releases: int) -> Time:
    """One race, in both forms."""
    return Time(
        race,
        singly=_mean(PLAIN, race, race.blocks_of(1), releases=releases),
        batched=_mean(DEFAULT, race, race.blocks_of(BATCH), releases=releases),
    )


def _mean(
    settings: JudgeSettings, race: Race, block: Sequence[Arm], *, releases: int
) -> float:
    # The other verdict would cut long waits off, so it is made all but impossible.
    aborting = race.verdict is CanaryVerdict.ABORT
    settings = (
        replace(settings, beta=_NEVER) if aborting else replace(settings, alpha=_NEVER)
    )
    canary, stable = block
    ended = simulate(settings, canary, stable, releases=releases)
    return fmean(release.requests for release in ended)
