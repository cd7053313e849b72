"""How often the statistics of the ML gates err: the compare gate, and every interval.

    python benchmarks/evaluation.py [--quick] [--out benchmarks/results/evaluation.json]

*Error rates* of the gate on shares are exact: all tables of gained and lost examples,
each with its probability, judged by the code that judges a run. Beside it stands what
many pipelines do, ``candidate >= champion``. *Misses* are how often an end of an
interval that is to miss in 5 % of all cases does: exact, too, for Wilson,
Clopper-Pearson, Tango and Newcombe's contrasts of two shares; simulated with a fixed
seed for Student's t and bootstraps.
"""

import argparse
import math
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from measure import describe_commit, describe_place, format_table, publish

from sluicegate.stages.evaluation.comparison import Question, conclude, look
from sluicegate.stats.bootstrap import (
    bca_interval,
    percentile_interval,
    resampled_means,
)
from sluicegate.stats.contrast import contrast_interval
from sluicegate.stats.distributions import normal_quantile
from sluicegate.stats.interval import Interval
from sluicegate.stats.mean import mean_of, t_interval
from sluicegate.stats.paired import score_statistic
from sluicegate.stats.proportion import clopper_pearson, wilson

CONFIDENCE = 0.95
MARGIN = 0.01
DISCORDANT = 0.1
TRUTHS = (-0.03, -0.02, -0.01, -0.005, 0.0, 0.01)
SEED = 20261123
SIGMAS = 7.0  # what is beyond has less than 1e-11 of all cases


def binomial(n: int, p: float) -> Iterator[tuple[int, float]]:
    """The counts of *n* trials that matter, with their probabilities."""
    if p in (0, 1):
        yield (n if p else 0), 1.0
        return
    spread = SIGMAS * math.sqrt(n * p * (1 - p)) + 10
    for k in range(max(0, int(n * p - spread)), min(n, int(n * p + spread)) + 1):
        log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        yield k, math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p))


def tables(n: int, discordant: float, truth: float) -> Iterator[tuple[int, int, float]]:
    """Gained, lost and the probability of each, if the true difference is *truth*."""
    share = (discordant + truth) / 2 / discordant
    for both, p in binomial(n, discordant):
        for gained, q in binomial(both, share):
            yield gained, both - gained, p * q


def judge(gained: int, lost: int, n: int) -> bool | None:
    """What the gate says; the bounds that it shows besides are left out."""
    question = Question("noninferior", MARGIN, is_share=True)
    found = look(question, Table(gained, lost, n), CONFIDENCE)
    (answer,) = conclude(
        [question], [found], CONFIDENCE, power=0.8, corrects=True, least=30
    )
    return answer.holds


class Table(Sequence[float]):
    """The gains of a table, without a list of them."""

    def __init__(self, gained: int, lost: int, n: int) -> None:
        self._gained, self._lost, self._n = gained, lost, n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, at: object) -> float:  # type: ignore[override]
        assert isinstance(at, int)
        if at >= self._n:
            raise IndexError(at)
        return 1.0 if at < self._gained else -float(at < self._gained + self._lost)


def error_rates(n: int, truth: float) -> dict[str, float]:
    """How often each answer is given for *n* examples and a true difference."""
    share = {True: 0.0, False: 0.0, None: 0.0}
    naive = 0.0
    z = normal_quantile(CONFIDENCE)
    for gained, lost, p in tables(n, DISCORDANT, truth):
        statistic = score_statistic(gained, lost, n, -MARGIN)
        share[True if statistic > z else False if statistic < -z else None] += p
        naive += p if gained >= lost else 0
    return {
        "passes": share[True],
        "closes": share[False],
        "inconclusive": share[None],
        "naive": naive,
    }


def check_rule() -> None:
    """The rule used above is that of the gate, on a sample of tables."""
    z = normal_quantile(CONFIDENCE)
    draw = random.Random(SEED)  # noqa: S311 - a simulation
    for _ in range(200):
        n = draw.randrange(30, 400)
        gained = draw.randrange(0, n // 8 + 1)
        lost = draw.randrange(0, n // 8 + 1)
        s = score_statistic(gained, lost, n, -MARGIN)
        expected = True if s > z else False if s < -z else None
        if judge(gained, lost, n) is not expected:
            raise AssertionError(f"{gained} gained, {lost} lost of {n}")


def share_misses(
    bound: Callable[[int, int, float], Interval], n: int, steps: int
) -> tuple[list[float], list[float]]:
    """Misses of the lower and of the upper end, for *steps* true shares."""
    found = [bound(k, n, CONFIDENCE) for k in range(n + 1)]
    lower, upper = [], []
    for step in range(1, steps):
        p = step / steps
        cases = list(binomial(n, p))
        lower.append(math.fsum(q for k, q in cases if found[k].lower > p))
        upper.append(math.fsum(q for k, q in cases if found[k].upper < p))
    return lower, upper


def tango_misses(n: int) -> tuple[list[float], list[float]]:
    """Misses of both ends of Tango's interval, which end where its statistic says."""
    z, lower, upper = normal_quantile(CONFIDENCE), [], []
    for discordant in (0.02, 0.05, 0.1, 0.2, 0.4):
        for part in (-0.8, -0.5, -0.2, 0.0, 0.2, 0.5, 0.8):
            truth = part * discordant
            low = high = 0.0
            for gained, lost, p in tables(n, discordant, truth):
                statistic = score_statistic(gained, lost, n, truth)
                low += p if statistic > z else 0
                high += p if statistic < -z else 0
            lower.append(low)
            upper.append(high)
    return lower, upper


SHARES = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
CONTRASTS = {"difference": 1.0, "ratio of 0.8": 0.8}


def contrast_misses(
    ratio: float, n1: int, n2: int, shares: Sequence[float] = SHARES
) -> tuple[list[float], list[float]]:
    """Misses of both ends of p1 - *ratio* p2, for every two of *shares*.

    All tables of both samples, each with its probability.
    """

    @cache
    def bound(k1: int, k2: int) -> Interval:
        return contrast_interval((k1, n1), (k2, n2), CONFIDENCE, ratio=ratio)

    cases = {p: {n: list(binomial(n, p)) for n in (n1, n2)} for p in shares}
    lower, upper = [], []
    for p1 in shares:
        for p2 in shares:
            truth = p1 - ratio * p2
            low = high = 0.0
            for k1, q1 in cases[p1][n1]:
                for k2, q2 in cases[p2][n2]:
                    found = bound(k1, k2)
                    low += q1 * q2 if found.lower > truth else 0
                    high += q1 * q2 if found.upper < truth else 0
            lower.append(low)
            upper.append(high)
    return lower, upper


DRAWS: dict[str, tuple[Callable[[random.Random], float], float]] = {
    "normal": (lambda draw: draw.gauss(0, 1), 0.0),
    "skewed (exponential)": (lambda draw: draw.expovariate(1), 1.0),
    "heavy tails (t of 3)": (
        lambda draw: draw.gauss(0, 1) / math.sqrt(draw.gammavariate(1.5, 2) / 3),
        0.0,
    ),
    "rare loss (2 % of 1)": (lambda draw: float(draw.random() < 0.02), 0.02),
}


def mean_misses(kind: str, n: int, runs: int, resamples: int) -> dict[str, list[float]]:
    """Misses of the lower and the upper end of each interval of a mean."""
    draw = random.Random(SEED)  # noqa: S311 - a simulation
    one, truth = DRAWS[kind]
    missed = {name: [0, 0] for name in ("t", "percentile", "BCa")}
    for number in range(runs):
        values = [one(draw) for _ in range(n)]
        means = resampled_means(values, resamples, number.to_bytes(4, "big"))
        for name, found in (
            ("t", t_interval(mean_of(values), CONFIDENCE)),
            ("percentile", percentile_interval(means, CONFIDENCE)),
            ("BCa", bca_interval(values, means, CONFIDENCE)),
        ):
            missed[name][0] += found.lower > truth
            missed[name][1] += found.upper < truth
    return {name: [each / runs for each in pair] for name, pair in missed.items()}


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def measure(*, quick: bool) -> dict[str, object]:
    check_rule()
    sizes = (200, 500) if quick else (200, 500, 2000, 5000, 10_000)
    errors = {
        str(n): {str(truth): error_rates(n, truth) for truth in TRUTHS} for n in sizes
    }
    misses: dict[str, dict[str, float]] = {}
    for name, bound in (("Wilson", wilson), ("Clopper-Pearson", clopper_pearson)):
        for n in (20, 50) if quick else (20, 50, 200, 1000):
            misses[f"{name}, {n}"] = summary(*share_misses(bound, n, 200))
    for n in (50,) if quick else (50, 200, 1000):
        misses[f"Tango, {n}"] = summary(*tango_misses(n))
    for name, ratio in CONTRASTS.items():
        for n1, n2 in ((20, 60),) if quick else ((30, 300), (100, 300), (300, 3000)):
            found = contrast_misses(ratio, n1, n2)
            misses[f"Newcombe, {n1} and {n2}, {name}"] = summary(*found)
    runs, resamples = (50, 200) if quick else (1000, 1000)
    for kind in DRAWS:
        for n in (30,) if quick else (30, 100):
            means = mean_misses(kind, n, runs, resamples)
            for name, (low, high) in means.items():
                misses[f"{name}, {n}, {kind}"] = summary([low], [high])
    return {"error_rates": errors, "misses": misses, "runs": runs}


def summary(lower: Sequence[float], upper: Sequence[float]) -> dict[str, float]:
    return {
        "lower_mean": statistics.fmean(lower),
        "lower_worst": max(lower),
        "upper_mean": statistics.fmean(upper),
        "upper_worst": max(upper),
    }


def write(document: dict[str, object], place: dict[str, object]) -> str:
    errors, misses = document["error_rates"], document["misses"]
    assert isinstance(errors, dict)
    assert isinstance(misses, dict)
    rows = [
        (f"{n}, {float(truth):+.1%}", *map(percent, rates.values()))
        for n, by_truth in errors.items()
        for truth, rates in by_truth.items()
    ]
    text = [
        "# How often the statistics of the ML gates err",
        "",
        (
            "No worse than a point of accuracy (`margin: 0.01`), 95 %, one example in"
            " ten discordant. At -1.0 % and beyond a pass is an error; above it a close"
            " is."
        ),
        "",
        format_table(
            ("examples, truth", "passes", "closes", "inconclusive", "`>=` passes"), rows
        ),
        "",
        (
            "Misses of each end of an interval that is to miss in 5.0 %: the mean and"
            " the worst over true values; those of means are simulated"
            f" ({document['runs']} runs: a standard error of 0.7 % at 5.0 %)."
        ),
        "",
        format_table(
            ("interval, examples", "lower", "worst", "upper", "worst"),
            [(name, *map(percent, found.values())) for name, found in misses.items()],
        ),
        "",
        describe_commit(place),
    ]
    return "\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    place = describe_place()
    document = measure(quick=options.quick)
    publish(options.out, {"place": place, **document}, write(document, place))


if __name__ == "__main__":
    main()
