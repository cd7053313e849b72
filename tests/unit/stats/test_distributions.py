"""`sluicegate.stats.distributions` and `beta`, held against scipy."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from sluicegate.stats.beta import incomplete_beta
from sluicegate.stats.distributions import (
    binomial_at_least,
    binomial_at_most,
    normal_quantile,
    normal_tail,
    student_quantile,
    student_tail,
)


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-13)


@settings(max_examples=25)
@given(st.floats(0.1, 5000), st.floats(0.1, 5000), st.floats(0, 1))
def test_the_incomplete_beta_is_scipys(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == near(float(special.betainc(a, b, x)))


@pytest.mark.parametrize(("a", "b", "x"), [(0, 1, 0.5), (1, -1, 0.5), (1, 1, 1.5)])
def test_outside_its_domain_there_is_no_beta(a: float, b: float, x: float) -> None:
    with pytest.raises(ValueError, match="outside the domain"):
        incomplete_beta(a, b, x)


@settings(max_examples=25)
@given(st.floats(-30, 30))
def test_the_normal_tail_is_scipys(z: float) -> None:
    assert normal_tail(z) == pytest.approx(stats.norm.sf(z), rel=1e-9)


@settings(max_examples=25)
@given(st.floats(1e-9, 1 - 1e-9))
def test_the_normal_quantile_is_scipys(p: float) -> None:
    assert normal_quantile(p) == near(stats.norm.ppf(p))


@settings(max_examples=25)
@given(st.floats(-40, 40), st.floats(1, 100_000))
def test_the_t_tail_is_scipys(t: float, freedom: float) -> None:
    assert student_tail(t, freedom) == near(stats.t.sf(t, freedom))


@settings(max_examples=25)
@given(st.floats(1e-4, 1 - 1e-4), st.integers(1, 20_000))
def test_the_t_quantile_is_scipys(p: float, freedom: int) -> None:
    assert student_quantile(p, freedom) == near(stats.t.ppf(p, freedom))


def test_the_t_tail_has_ends() -> None:
    assert student_tail(math.inf, 3) == 0
    assert student_tail(-math.inf, 3) == 1
    with pytest.raises(ValueError, match="no probability"):
        student_quantile(1.0, 3)


@settings(max_examples=25)
@given(st.integers(0, 2000), st.integers(1, 2000), st.floats(0.001, 0.999))
def test_the_binomial_tails_are_scipys(k: int, n: int, p: float) -> None:
    assert binomial_at_most(k, n, p) == near(stats.binom.cdf(k, n, p))
    assert binomial_at_least(k, n, p) == near(stats.binom.sf(k - 1, n, p))


def test_the_binomial_tails_are_sums_of_all_cases() -> None:
    for n in range(1, 13):
        for k in range(-1, n + 2):
            cases = [math.comb(n, i) * 0.3**i * 0.7 ** (n - i) for i in range(n + 1)]
            assert binomial_at_most(k, n, 0.3) == near(math.fsum(cases[: k + 1]))
            least = math.fsum(cases[max(k, 0) :])
            assert binomial_at_least(k, n, 0.3) == near(least)


@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_large_counts_stay_exact(n: int) -> None:
    k = n // 2 - n // 1000
    assert binomial_at_most(k, n, 0.5) == pytest.approx(
        stats.binom.cdf(k, n, 0.5), rel=1e-7
    )
