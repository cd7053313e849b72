"""What the judge promises, in some cells of the benchmark's matrix.

The whole matrix, with enough releases to find a small excess, is
``python benchmarks/canary.py --check``, which ``scripts/test.sh --full`` runs.
"""

from secrets import randbits

import pytest
from canary.checks import check_aborts, check_outages, check_promotions
from canary.field import OURS, is_checked
from canary.matrix import all_cells, run, sample
from canary.result import Results
from canary.world import Cell


@pytest.fixture(scope="module")
def judged() -> tuple[list[Cell], Results]:
    """Some cells, and what became of their releases."""
    seed = randbits(32)
    print(f"seed {seed}")
    cells = [cell for cell in sample(6, seed) if is_checked(cell)]
    return cells, run(cells, scale=0.05, processes=1, out=None)


@pytest.mark.exhaustive
def test_errors_of_the_judge_are_no_more_than_promised(
    judged: tuple[list[Cell], Results],
) -> None:
    for check in (check_aborts(*judged, OURS), check_promotions(*judged, OURS)):
        assert check.passed, check.detail


@pytest.mark.exhaustive
def test_a_metrics_outage_decides_nothing(judged: tuple[list[Cell], Results]) -> None:
    check = check_outages(judged[0])
    assert check.passed, check.detail


def test_the_matrix_has_all_that_it_is_to_have() -> None:
    cells = all_cells()
    assert sum(is_checked(cell) for cell in cells) == 1024
    assert len(cells) == 4480
