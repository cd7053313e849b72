"""The verdict rules of Kayenta's NetflixACAJudge-v1.0 and of its stand-alone analysis.

Source: spinnaker/kayenta at a69573be: ``NetflixACAJudge.scala`` (level and tolerance
are fixed there), ``MannWhitneyClassifier.scala``, ``WeightedSumScorer.scala``,
``ThresholdScoreClassifier.scala``; ``SetupAndExecuteCanariesStage.java``,
``MonitorCanaryTask.java`` and ``GenerateCanaryAnalysisResultTask.java`` (when it judges
and what ends it).
"""

import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import fsum, isnan, nan
from random import Random

from canary.contestant import MINUTES, Arm, Outcome, Verdict, View
from canary.mann_whitney import Samples, TiedError, normal_quantile

LEVEL = 0.98
TOLERANCE = 0.25
"""How far the interval must lie from 0, as a part of the estimate."""

MOST_NODATA = 50.0
"""Percent of metrics without data at which the score is 0."""

_NOISE = 1e-5  # added where both samples are constant, as a part of their value


class Label(enum.Enum):
    """Of a metric."""

    PASS = "Pass"  # noqa: S105 - no password
    HIGH = "High"
    LOW = "Low"
    NODATA = "Nodata"
    NODATA_FAILS = "NodataFailMetric"
    ERROR = "Error"


class Direction(enum.Enum):
    """In which a change is bad."""

    INCREASE = "increase"
    DECREASE = "decrease"
    EITHER = "either"


class Nan(enum.Enum):
    """What is done with minutes without a value."""

    REMOVE = "remove"
    REPLACE = "replace"  # by 0


@dataclass(frozen=True)
class Config:
    """Of one metric. Pairs are for a decrease and for an increase."""

    direction: Direction = Direction.EITHER
    nan: Nan = Nan.REMOVE
    critical: bool = False
    must_have_data: bool = False
    allowed: tuple[float, float] = (1.0, 1.0)
    critical_effect: tuple[float, float] = (1.0, 1.0)
    cles: bool = False
    level: float = LEVEL
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class Classified:
    """A metric's label, and whether it fails the canary by itself."""

    label: Label
    critical: bool = False


def classify(
    experiment: Sequence[float], control: Sequence[float], config: Config
) -> Classified:
    """Compare the values of a metric in the canary with those in the baseline."""
    x, y = _clean(experiment, config.nan), _clean(control, config.nan)
    if not x or not y:
        return _without_data(config)
    if sorted(x) == sorted(y) or len({*x, *y}) == 1:
        return Classified(Label.PASS)
    if len(set(x)) == 1 and len(set(y)) == 1:
        x, y = _blur(x), _blur(y)
    try:
        label, effect = _compare(x, y, config)
    except TiedError:
        return Classified(Label.ERROR)
    least, most = config.critical_effect
    beyond = (label is Label.HIGH and not effect < most) or (
        label is Label.LOW and not effect > least
    )  # written so that an effect that is not a number is beyond
    return Classified(label, critical=config.critical and beyond)


def _clean(values: Sequence[float], strategy: Nan) -> list[float]:
    if strategy is Nan.REMOVE:
        return [value for value in values if not isnan(value)]
    return [0.0 if isnan(value) else value for value in values]


def _without_data(config: Config) -> Classified:
    if config.nan is Nan.REPLACE:
        return Classified(Label.PASS)
    if config.must_have_data and not config.critical:
        return Classified(Label.NODATA_FAILS)
    return Classified(Label.NODATA, critical=config.critical)


def _blur(values: Sequence[float]) -> list[float]:
    random = Random(repr(values))  # noqa: S311 - the same again for the same values
    return [value + random.gauss(0, abs(value) * _NOISE) for value in values]


def _compare(
    x: Sequence[float], y: Sequence[float], config: Config
) -> tuple[Label, float]:
    """The label and the effect. A bound is looked for only where it can matter."""
    samples, quantile = Samples(x, y), normal_quantile(config.level)
    effect = _effect(x, y, cles=config.cles)
    least, most = config.allowed
    if config.direction is not Direction.DECREASE and not effect < most:
        low = samples.bound(quantile)
        # The bound it must exceed is not negative, so a negative one need not be known.
        if low > 0 and low > config.tolerance * abs(samples.estimate()):
            return Label.HIGH, effect
    if config.direction is not Direction.INCREASE and not effect > least:
        high = samples.bound(-quantile)
        if high < 0 and high < -config.tolerance * abs(samples.estimate()):
            return Label.LOW, effect
    return Label.PASS, effect


def _effect(x: Sequence[float], y: Sequence[float], *, cles: bool) -> float:
    """Ratio of means, NaN where one is 0; or the chance that one of x is higher."""
    if cles:
        higher = fsum((a > b) + 0.5 * (a == b) for a in x for b in y)
        return higher / (len(x) * len(y))
    above, below = fsum(x) / len(x), fsum(y) / len(y)
    return nan if above == 0 or below == 0 else above / below


@dataclass(frozen=True)
class Graded:
    """A classified metric and the groups it counts in."""

    result: Classified
    groups: tuple[str, ...]


def score(metrics: Sequence[Graded], weights: Mapping[str, float]) -> float:
    """The score of a canary: 0 to 100, to two decimals.

    A metric in error counts nowhere, and a group in which nothing counts is perfect.
    """
    results = [metric.result for metric in metrics]
    if any(each.critical and each.label is not Label.PASS for each in results):
        return 0.0
    nodata = sum(each.label is Label.NODATA for each in results)
    if nodata / len(results) * 100 >= MOST_NODATA:
        return 0.0
    groups: dict[str, list[Label]] = defaultdict(list)
    for metric in metrics:
        for group in metric.groups:
            groups[group].append(metric.result.label)
    unlisted = [group for group in groups if group not in weights]
    rest = (100 - sum(weights.values())) / len(unlisted) if unlisted else 0.0
    total = sum(
        _score_group(labels) * weights.get(group, rest) / 100
        for group, labels in groups.items()
    )
    return float(Decimal(repr(total)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _score_group(labels: Sequence[Label]) -> float:
    counted = [label for label in labels if label not in {Label.NODATA, Label.ERROR}]
    if not counted:
        return 100.0
    return counted.count(Label.PASS) / len(counted) * 100


@dataclass(frozen=True)
class Kayenta:
    """Failed requests in percent, a value a minute; judged over all minutes so far.

    Attributes:
        name: of the contestant.
        control: the arm that the canary is compared with.
        interval: minutes between two judgements, the last at the end.
        passing: score from which the last one passes.
        marginal: score that ends the analysis, or one below.
    """

    name: str
    control: Arm
    interval: int
    passing: float = 95.0
    marginal: float = 75.0

    def decide(self, view: View) -> Outcome:
        canary, control = [
            [_percent(view, arm, minute) for minute in range(1, MINUTES + 1)]
            for arm in (Arm.CANARY, self.control)
        ]
        config = Config(direction=Direction.INCREASE, nan=Nan.REPLACE)
        grade = 0.0
        for minute in range(self.interval, MINUTES + 1, self.interval):
            if not view.answers(minute * 60):
                return Outcome(Verdict.ABORT, minute)  # the stage that fetches fails
            result = classify(canary[:minute], control[:minute], config)
            grade = score([Graded(result, ("errors",))], {})
            if grade <= self.marginal:
                return Outcome(Verdict.ABORT, minute)
        passed = grade >= self.passing
        return Outcome(Verdict.PROMOTE if passed else Verdict.ABORT, MINUTES)


def _percent(view: View, arm: Arm, minute: int) -> float:
    total, failed = view.window(arm, minute * 60, 60)
    return 100 * failed / total if total else nan
