"""The statistics of the benchmark's own checks."""

from math import comb

import pytest
from canary.binomial import reject, upper_tail
from canary.limit import least_batches


@pytest.mark.parametrize(("trials", "chance"), [(5, 0.3), (20, 0.05), (40, 0.01)])
def test_the_upper_tail_is_the_sum_of_the_binomial(trials: int, chance: float) -> None:
    for count in range(trials + 1):
        expected = sum(
            comb(trials, x) * chance**x * (1 - chance) ** (trials - x)
            for x in range(count, trials + 1)
        )
        assert upper_tail(count, trials, chance) == pytest.approx(expected)


def test_holm_rejects_step_by_step() -> None:
    # 0.01 / 4, 0.01 / 3, 0.01 / 2, 0.01
    assert reject({"a": 0.002, "b": 0.003, "c": 0.006, "d": 0.009}, 0.01) == ["a", "b"]
    assert reject({"a": 0.003}, 0.01) == ["a"]
    assert reject({"a": 0.02, "b": 0.03}, 0.01) == []
    assert reject({}, 0.01) == []


def test_a_smaller_ratio_takes_more_batches_whatever_the_traffic() -> None:
    batches = [
        least_batches(ratio, sigma=0.3, alpha=0.01, beta=0.05) for ratio in (1.25, 2, 5)
    ]
    assert batches == sorted(batches, reverse=True)
    assert batches[1] == pytest.approx(1.565, abs=0.001)
