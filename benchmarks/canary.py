"""How many requests the canary judge takes, and how near that is to the limit.

    python benchmarks/canary.py [--releases 1000] [--out benchmarks/results/canary.json]
                                [--docs docs/canary.md]

Releases are simulated, request by request in effect: failures of each block are drawn
from a binomial distribution, and the judge of `sluicegate.canary` sees the counts. The
seed is fixed, so a run can be repeated to the digit. Two parts:

- With the default settings: how long it takes, and how it ends, for canaries that are
  as good as stable, and that fail 2, 3, 5 and 10 times as often.
- Without allowance for noise, in small blocks: mean requests over Wald's lower bound,
  which no sequential test with the same error rates can beat.

With ``--docs`` the first part replaces what stands between the markers in that page.
"""

import argparse
import math
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import fmean, median, quantiles

from measure import describe_commit, describe_place, format_table, publish

from sluicegate.canary.judge import START, JudgeSettings, Observation, assess, observe
from sluicegate.canary.plan import abort_limit, promote_limit
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

SEED = 1
BEGIN = "<!-- begin: python benchmarks/canary.py -->"
END = "<!-- end -->"

RATES = (0.001, 0.005, 0.01, 0.02, 0.05)
RATIOS = (1, 2, 3, 5, 10)
SHARE = 0.1
BLOCK = 60  # canary requests; at one a second this is a block of 60 s
MOST = 50_000  # canary requests, after which a release counts as undecided

PLAIN = JudgeSettings(sigma=None)
PLACE = (
    "commit",
    "uncommitted_changes",
    "python",
)  # the speed of it is no matter


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
        verdict = assess(settings, state).verdict
        if verdict is not CanaryVerdict.HOLD:
            return Release(verdict, state.canary.total)
    return Release(CanaryVerdict.HOLD, state.canary.total)


@dataclass(frozen=True)
class Outcome:
    """What became of the releases of one cell of the first part."""

    rate: float
    ratio: int
    tally: Counter[CanaryVerdict]
    median: float
    ninth_decile: float


def decide(rate: float, ratio: int, *, releases: int) -> Outcome:
    """Simulate a cell of the first part, with the default settings."""
    ended = simulate(
        JudgeSettings(),
        Arm(BLOCK, rate * ratio),
        Arm(round(BLOCK * (1 - SHARE) / SHARE), rate),
        releases=releases,
    )
    requests = [release.requests for release in ended]
    return Outcome(
        rate,
        ratio,
        Counter(release.verdict for release in ended),
        median(requests),
        quantiles(requests, n=10)[-1],
    )


def format_outcomes(outcomes: list[Outcome]) -> str:
    """Two tables of the same shape: how long it takes, and how it ends."""
    header = ["stable fails", "canary as good", *(f"{r} times" for r in RATIOS[1:])]
    waits, ends = [], []
    for rate in RATES:
        cells = [outcome for outcome in outcomes if outcome.rate == rate]
        name = f"{100 * rate:g} %"
        waits.append([name, *(format_wait(cell) for cell in cells)])
        ends.append([name, *(format_ends(cell.tally) for cell in cells)])
    return (
        "Canary requests until the verdict: the median, and what nine in ten need.\n\n"
        f"{format_table(header, waits)}\n\n"
        f"The verdict, in percent of the releases.\n\n{format_table(header, ends)}"
    )


def format_wait(outcome: Outcome) -> str:
    return f"{group(outcome.median)} ({group(outcome.ninth_decile)})"


def format_ends(tally: Counter[CanaryVerdict]) -> str:
    percent = 100 / tally.total()
    return ", ".join(
        f"{tally[verdict] * percent:.4g} {verdict.value}"
        for verdict in CanaryVerdict
        if tally[verdict]
    )


def group(number: float) -> str:
    return f"{math.ceil(number):,}".replace(",", " ")


@dataclass(frozen=True)
class Race:
    """One row of the second part. ``limit`` is in canary requests."""

    name: str
    canary: Arm
    stable: Arm
    verdict: CanaryVerdict
    limit: float


def abort_race(canary: float, stable: float, share: float, block: int) -> Race:
    return Race(
        f"abort, {100 * stable:g} % against {100 * canary:g} %,"
        f" {100 * share:g} % share",
        Arm(block, canary),
        Arm(round(block * (1 - share) / share), stable),
        CanaryVerdict.ABORT,
        abort_limit((canary, stable), share=share, alpha=PLAIN.alpha, beta=PLAIN.beta),
    )


def promote_race(rate: float, share: float, block: int) -> Race:
    return Race(
        f"promote, {100 * rate:g} % in both, {100 * share:g} % share",
        Arm(block, rate),
        Arm(round(block * (1 - share) / share), rate),
        CanaryVerdict.PROMOTE,
        promote_limit(
            rate, share=share, alpha=PLAIN.alpha, beta=PLAIN.beta, margin=PLAIN.margin
        ),
    )


RACES = (
    abort_race(0.02, 0.01, share=0.1, block=40),
    abort_race(0.05, 0.01, share=0.1, block=5),
    abort_race(0.02, 0.01, share=0.5, block=80),
    abort_race(0.05, 0.01, share=0.5, block=10),
    abort_race(0.005, 0.001, share=0.1, block=40),
    promote_race(0.001, share=0.1, block=150),
    promote_race(0.005, share=0.1, block=80),
    promote_race(0.01, share=0.1, block=60),
    promote_race(0.005, share=0.5, block=60),
)


def run_race(race: Race, *, releases: int) -> float:
    """The mean number of canary requests until the verdict."""
    # The other verdict would cut long waits off, so it is made all but impossible.
    aborting = race.verdict is CanaryVerdict.ABORT
    settings = replace(PLAIN, beta=1e-300) if aborting else replace(PLAIN, alpha=1e-300)
    ended = simulate(settings, race.canary, race.stable, releases=releases)
    return fmean(release.requests for release in ended)


def replace_block(page: Path, text: str) -> None:
    """Put *text* between the markers of *page*."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{page} has no {BEGIN} ... {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--releases", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--docs", type=Path)
    arguments = parser.parse_args()

    place = describe_place("src/sluicegate/canary")
    count = arguments.releases
    outcomes = [
        decide(rate, ratio, releases=count) for rate in RATES for ratio in RATIOS
    ]
    means = [run_race(race, releases=count) for race in RACES]

    decided = format_outcomes(outcomes)
    raced = format_table(
        ["", "limit", "mean", "ratio"],
        [
            [race.name, group(race.limit), group(mean), f"{mean / race.limit:.2f}"]
            for race, mean in zip(RACES, means, strict=True)
        ],
    )
    origin = f"From {group(count)} simulated releases each, seed {SEED}."
    document = {
        "benchmark": "canary",
        "place": {name: place[name] for name in PLACE},
        "releases": count,
        "seed": SEED,
        "decided": [
            {
                "stable_rate": each.rate,
                "ratio": each.ratio,
                "verdicts": {verdict.value: n for verdict, n in each.tally.items()},
                "median": each.median,
                "ninth_decile": each.ninth_decile,
            }
            for each in outcomes
        ],
        "raced": [
            {"name": race.name, "limit": race.limit, "mean": mean}
            for race, mean in zip(RACES, means, strict=True)
        ],
    }
    text = (
        f"{decided}\n\nMean canary requests without allowance for noise, and the limit "
        f"for any test.\n\n{raced}\n\n{origin} {describe_commit(document['place'])}"
    )
    publish(arguments.out, document, text)
    if arguments.docs is not None:
        replace_block(arguments.docs, f"{decided}\n\n{origin}")


if __name__ == "__main__":
    main()
