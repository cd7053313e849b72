"""The Mann-Whitney test of Kayenta's judge, by numbers of others.

Sources: R 4.2.2, ``wilcox.test(x, y, conf.int = TRUE, exact = FALSE)`` on the samples
below; spinnaker/kayenta at a69573be, ``MannWhitneySuite.scala``, for the small case and
the quantile. The long cases of that suite, and all of ``ClassifierSuite.scala``, are
held against a checkout by ``python -m canary.kayenta_suites``.
"""

from statistics import NormalDist

import pytest
from canary.mann_whitney import (
    TOLERANCE,
    Samples,
    TiedError,
    compare,
    find_root,
    normal_quantile,
)

SAMPLES = {
    "depressed": (
        [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30],
        [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29],
    ),
    "mostly zero": (
        [0.0, 0, 0, 1.67, 0, 0, 3.33, 0, 0, 1.72, 0, 0],
        [0.0, 0, 0, 0, 0, 1.61, 0, 0, 0, 0, 0, 0],
    ),
    "whole numbers": (
        [12.0, 15, 11, 19, 14, 18, 13, 17, 16, 21],
        [10.0, 12, 9, 11, 13, 8, 14, 10, 12, 11],
    ),
    "lower": (
        [5.1, 4.9, 6.2, 5.8, 6.0, 5.5, 4.7, 5.9],
        [6.8, 7.1, 6.3, 7.4, 6.9, 7.7, 5.9, 6.6, 7.0],
    ),
}


@pytest.mark.parametrize(
    ("name", "level", "low", "high"),
    [
        ("depressed", 0.95, -0.3699773747, 1.182970774),
        ("depressed", 0.98, -0.5599516953, 1.232960408),
        ("mostly zero", 0.95, -6.573730458e-05, 6.632555158e-05),
        ("mostly zero", 0.98, -4.484495422e-05, 0.1100091731),
        ("whole numbers", 0.95, 1.999991764, 7.000027508),
        ("whole numbers", 0.98, 1.000040948, 7.999967694),
        ("lower", 0.95, -1.900011498, -0.7999217299),
        ("lower", 0.98, -2.100039087, -0.6000344631),
    ],
)
def test_the_interval_is_that_of_r_to_the_last_step_of_the_search(
    name: str, level: float, low: float, high: float
) -> None:
    shift = compare(*SAMPLES[name], level=level)
    assert shift.low == pytest.approx(low, rel=1e-9)
    assert shift.high == pytest.approx(high, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "p_value"),
    [
        ("depressed", 0.132919458185),
        ("mostly zero", 0.247786834049),
        ("whole numbers", 0.0027145086447),
        ("lower", 0.00148615251927),
    ],
)
def test_the_deviation_without_a_shift_gives_the_p_value_of_r(
    name: str, p_value: float
) -> None:
    deviation = Samples(*SAMPLES[name]).deviation(0, 0)
    assert 2 * NormalDist().cdf(-abs(deviation)) == pytest.approx(p_value, rel=1e-9)


def test_the_small_case_of_kayenta_is_met() -> None:
    shift = compare([10.0, 20, 30, 40], [1.0, 2, 3, 4], level=0.95)
    assert (shift.low, shift.high, shift.estimate) == pytest.approx((6, 39, 22.5))


def test_the_quantile_is_that_of_kayenta() -> None:
    assert normal_quantile(0.98) == pytest.approx(2.326348, abs=1e-6)


def test_samples_that_are_all_tied_have_no_deviation() -> None:
    with pytest.raises(TiedError):
        Samples([1.0, 1.0], [1.0]).deviation(0, 0)


@pytest.mark.parametrize(
    ("low", "high", "root"), [(-1.0, 2.0, 0.5), (0.0, 9.0, 3.25), (-7.0, 1.0, -2.125)]
)
def test_a_root_is_found_to_the_tolerance(low: float, high: float, root: float) -> None:
    def function(at: float) -> float:
        return (root - at) * (1 + at * at)

    found = find_root(function, (low, high), (function(low), function(high)))
    assert abs(found - root) <= TOLERANCE


def test_the_tolerance_does_not_depend_on_the_unit() -> None:
    """A known fault of the original, which the port has to share."""
    x, y = SAMPLES["lower"]
    small = compare([v * 1e-5 for v in x], [v * 1e-5 for v in y], level=0.95)
    large = compare(x, y, level=0.95)
    assert abs(small.estimate * 1e5 - large.estimate) > 0.1
