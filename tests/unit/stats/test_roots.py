"""`sluicegate.stats.roots`."""

import math

import pytest

from sluicegate.stats.roots import find_root


def test_a_root_is_found_to_the_last_float() -> None:
    assert find_root(lambda x: x * x - 2, 0.0, 2.0) == pytest.approx(
        math.sqrt(2), abs=1e-15
    )
    assert find_root(lambda x: 2 - x * x, 0.0, 2.0) == pytest.approx(
        math.sqrt(2), abs=1e-15
    )


def test_what_never_changes_its_sign_ends_at_the_high_end() -> None:
    assert find_root(lambda _: -1.0, 0.0, 1.0) == 1.0
