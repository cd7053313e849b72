"""The rules of Kayenta's judge, by short cases in the manner of its own tests.

Sources: spinnaker/kayenta at a69573be, ``ClassifierSuite.scala``, ``ScorerSuite.scala``
and ``MonitorCanaryTask.java``. The whole of the first is held against a checkout by
``python -m canary.kayenta_suites``.
"""

from math import nan

import pytest
from canary.contestant import SCRAPES, Arm, Outcome, Series, Verdict, View
from canary.kayenta import (
    Classified,
    Config,
    Direction,
    Graded,
    Kayenta,
    Label,
    Nan,
    classify,
    score,
)

HIGH, LOW = [20.0, 22, 21, 25, 30], [1.0, 2.2, 1.1, 2.5, 3.0]
EITHER = Config(level=0.95, tolerance=0.1)


@pytest.mark.parametrize(
    ("experiment", "control", "config", "expected"),
    [
        (HIGH, LOW, EITHER, Classified(Label.HIGH)),
        (LOW, HIGH, EITHER, Classified(Label.LOW)),
        (HIGH, LOW, Config(direction=Direction.DECREASE), Classified(Label.PASS)),
        (LOW, HIGH, Config(direction=Direction.INCREASE), Classified(Label.PASS)),
        (HIGH, LOW, Config(allowed=(1, 13)), Classified(Label.PASS)),
        (HIGH, LOW, Config(critical=True), Classified(Label.HIGH, critical=True)),
        (
            HIGH,
            LOW,
            Config(critical=True, allowed=(1, 5), critical_effect=(1, 13)),
            Classified(Label.HIGH),
        ),
        (HIGH, LOW, Config(cles=True, allowed=(0.5, 0.8)), Classified(Label.HIGH)),
        ([1.0, 2, 3], [3.0, 2, 1], EITHER, Classified(Label.PASS)),
        ([1.0, 1, 1], [1.0, 1], EITHER, Classified(Label.PASS)),
        ([10.0] * 5, [1.0] * 5, EITHER, Classified(Label.HIGH)),
        ([10.0] * 5, [0.0] * 5, EITHER, Classified(Label.HIGH)),
        ([1.0, 1, 1, 1, 10], [1.0] * 5, EITHER, Classified(Label.PASS)),
        ([], [1.0, 2], EITHER, Classified(Label.NODATA)),
        ([nan, nan], [1.0, 2], EITHER, Classified(Label.NODATA)),
        ([], [1.0], Config(critical=True), Classified(Label.NODATA, critical=True)),
        ([], [1.0], Config(must_have_data=True), Classified(Label.NODATA_FAILS)),
        ([], [1.0, 2], Config(nan=Nan.REPLACE), Classified(Label.PASS)),
    ],
)
def test_a_metric_is_labelled(
    experiment: list[float], control: list[float], config: Config, expected: Classified
) -> None:
    assert classify(experiment, control, config) == expected


def graded(label: Label, *groups: str, critical: bool = False) -> Graded:
    return Graded(Classified(label, critical=critical), groups)


@pytest.mark.parametrize(
    ("metrics", "weights", "expected"),
    [
        ([graded(Label.PASS, "a")], {}, 100.0),
        ([graded(Label.HIGH, "a")], {}, 0.0),
        ([graded(Label.NODATA, "a")], {}, 0.0),
        ([graded(Label.PASS, "a")] * 2 + [graded(Label.NODATA, "b")], {}, 100.0),
        (
            [graded(each, "a") for each in (Label.PASS, Label.HIGH, Label.LOW)],
            {},
            33.33,
        ),
        (
            [graded(Label.PASS, "a")] * 2 + [graded(Label.HIGH, "b")],
            {"a": 75.0, "b": 25.0},
            75.0,
        ),
        (
            [graded(Label.PASS, "a"), graded(Label.HIGH, "a"), graded(Label.HIGH, "b")],
            {"a": 50.0, "b": 50.0},
            25.0,
        ),
        (
            [
                graded(Label.PASS, "a"),
                graded(Label.NODATA, "a"),
                graded(Label.HIGH, "b"),
            ],
            {"a": 50.0, "b": 50.0},
            50.0,
        ),
        ([graded(Label.PASS, "a"), graded(Label.HIGH, "a", critical=True)], {}, 0.0),
        ([graded(Label.LOW, "a"), graded(Label.PASS, "a", critical=True)], {}, 50.0),
        ([graded(Label.ERROR, "a")], {}, 100.0),  # an error counts nowhere
    ],
)
def test_the_score_weighs_groups(
    metrics: list[Graded], weights: dict[str, float], expected: float
) -> None:
    assert score(metrics, weights) == expected


def wave(total: int, failures: list[int]) -> Series:
    """*failures* in turn, a number a minute."""
    per_scrape = [failures[scrape // 4 % len(failures)] for scrape in range(SCRAPES)]
    failed = [sum(per_scrape[:scrape]) for scrape in range(SCRAPES + 1)]
    totals = [total * scrape for scrape in range(SCRAPES + 1)]
    return Series(totals, failed, totals, failed)


JUDGE = Kayenta("kayenta", Arm.BASELINE, interval=10)


def test_an_interim_score_that_is_not_above_marginal_ends_it() -> None:
    good, bad = wave(100, [1, 2, 0]), wave(100, [9, 8, 11])
    assert JUDGE.decide(View((bad, good, good))) == Outcome(Verdict.ABORT, 10)
    assert JUDGE.decide(View((good, bad, bad))) == Outcome(Verdict.PROMOTE, 60)


def test_no_traffic_at_all_passes_where_gaps_are_replaced() -> None:
    none, good = wave(0, [0]), wave(100, [0])
    assert JUDGE.decide(View((none, good, none))) == Outcome(Verdict.PROMOTE, 60)


def test_a_judgement_that_cannot_fetch_ends_it() -> None:
    good = wave(100, [1, 2, 0])
    out = View((good, good, good), down=(590.0, 660.0))
    assert JUDGE.decide(out) == Outcome(Verdict.ABORT, 10)
