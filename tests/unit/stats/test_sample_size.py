"""`sluicegate.stats.sample_size`: published figures, and the power it promises."""

import math

import pytest
from scipy import stats

from sluicegate.stats.sample_size import examples_needed


def test_a_textbook_figure() -> None:
    # One point of accuracy where one in ten is discordant: 6.18 * 0.1 / 0.0001.
    found = examples_needed(math.sqrt(0.1), 0.01, confidence=0.95)

    assert found == 6183


@pytest.mark.parametrize("distance", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_so_many_have_the_power_they_promise(distance: float, power: float) -> None:
    n = examples_needed(1.0, distance, confidence=0.95, power=power)

    limit = stats.t.ppf(0.95, n - 1)
    found = stats.nct.sf(limit, n - 1, distance * math.sqrt(n))
    assert found == pytest.approx(power, abs=0.02)


def test_what_nothing_would_show_needs_more_than_there_are() -> None:
    assert examples_needed(1e9, 1e-9, confidence=0.95) == 10**12
    assert examples_needed(0.0, 0.1, confidence=0.95) == 1
    with pytest.raises(ValueError, match="no distance"):
        examples_needed(1.0, 0.0, confidence=0.95)
