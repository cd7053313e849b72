"""With the default settings: how long a verdict takes, and what it is.

The table of docs/canary.md: for canaries as good as stable, and that fail 2, 3, 5 and
10 times as often.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from measure import format_table

from canary.steady import Arm, simulate
from sluicegate.canary.judge import JudgeSettings
from sluicegate.model.rollout import CanaryVerdict

BEGIN = "<!-- begin: python benchmarks/canary.py -->"
END = "<!-- end -->"

RATES = (0.001, 0.005, 0.01, 0.02, 0.05)
RATIOS = (1, 2, 3, 5, 10)
SHARE = 0.1
BLOCK = 60
"""Canary requests; at one a second this is a block of 60 s."""


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


def replace_block(page: Path, text: str) -> None:
    """Put *text* between the markers of *page*."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{page} has no {BEGIN} ... {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
