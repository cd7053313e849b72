"""`sluicegate.stats.bootstrap`: deterministic, and scipy's form of both intervals."""

import math

import numpy as np
import pytest
from scipy import stats

from sluicegate.stats.bootstrap import (
    bca_greater,
    bca_interval,
    percentile_interval,
    resampled_means,
)

VALUES = [float(value) for value in np.random.default_rng(5).exponential(1, 80)]


def test_the_same_data_give_the_same_means_and_others_others() -> None:
    means = resampled_means(VALUES, 50, b"digest")

    assert means == resampled_means(VALUES, 50, b"digest")
    assert means != resampled_means(VALUES, 50, b"other")
    assert means == sorted(means)
    # Made by hashlib alone: the same on every machine.
    assert resampled_means([0.0, 1.0], 4, b"x") == [0.0, 0.0, 0.5, 1.0]


def test_every_value_is_drawn_about_as_often() -> None:
    means = resampled_means([0.0, 0.0, 0.0, 1.0], 4000, b"seed")

    assert math.fsum(means) / len(means) == pytest.approx(0.25, abs=0.015)


def test_the_percentiles_are_numpys() -> None:
    means = resampled_means(VALUES, 999, b"seed")

    found = percentile_interval(means, 0.95)

    assert found.lower == pytest.approx(np.quantile(means, 0.05), rel=1e-12)
    assert found.upper == pytest.approx(np.quantile(means, 0.95), rel=1e-12)


def test_bca_is_scipys_but_for_the_draws() -> None:
    means = resampled_means(VALUES, 8000, b"seed")

    found = bca_interval(VALUES, means, 0.9)

    theirs = stats.bootstrap(
        (VALUES,), np.mean, confidence_level=0.8, n_resamples=8000, rng=1
    ).confidence_interval
    error = float(np.std(VALUES)) / math.sqrt(len(VALUES))
    assert found.lower == pytest.approx(theirs.low, abs=error / 12)
    assert found.upper == pytest.approx(theirs.high, abs=error / 12)


def test_bca_leans_to_where_the_data_are_skewed() -> None:
    means = resampled_means(VALUES, 2000, b"seed")

    plain, leaning = (
        percentile_interval(means, 0.95),
        bca_interval(VALUES, means, 0.95),
    )

    assert leaning.lower > plain.lower
    assert leaning.upper > plain.upper


def test_without_deviation_every_interval_is_a_point() -> None:
    means = resampled_means([2.0] * 5, 20, b"seed")

    found = bca_interval([2.0] * 5, means, 0.95)

    assert found.lower == found.upper == 2.0


@pytest.mark.parametrize("confidence", [0.7, 0.9, 0.95, 0.98])
def test_the_p_value_turns_where_the_lower_end_is(confidence: float) -> None:
    means = resampled_means(VALUES, 4000, b"seed")

    lower = bca_interval(VALUES, means, confidence).lower

    assert bca_greater(VALUES, means, lower) == pytest.approx(1 - confidence, abs=2e-3)


def test_the_p_value_has_ends() -> None:
    means = resampled_means(VALUES, 99, b"seed")

    assert bca_greater(VALUES, means, -1e9) == pytest.approx(0.01)
    assert bca_greater(VALUES, means, 1e9) > 0.9
    assert bca_greater([2.0] * 5, [2.0] * 99, 1.0) == pytest.approx(0.01)
    assert bca_greater([2.0] * 5, [2.0] * 99, 2.0) == 1
