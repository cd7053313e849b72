"""Unit tests of `sluicegate.config.limits`."""

import pytest

from sluicegate.config.limits import parse_budgets
from sluicegate.config.policy import PolicyText
from sluicegate.errors import PipelineFileError
from sluicegate.model.budget import Budgets, Period


def read(*texts: str) -> Budgets:
    return parse_budgets(
        [PolicyText(f"{n}.yaml", t.encode()) for n, t in enumerate(texts)]
    )


def test_of_several_limits_the_lowest_counts() -> None:
    found = read(
        "budgets: {runs: {day: 20}, gpu_minutes: {week: 600}}",
        "budgets: {runs: {day: 30, week: 40}, gpu_minutes: {week: 500}}",
        "people: {}",
    )

    assert found == Budgets({Period.DAY: 20, Period.WEEK: 40}, {Period.WEEK: 500})


def test_without_budgets_nothing_is_limited() -> None:
    assert not read("schema: x", "people: {}")


@pytest.mark.parametrize(
    "text",
    [
        "budgets: {runs: {day: 0}}",
        "budgets: {runs: {month: 1}}",
        "budgets: {runs: 3}",
        "budgets: {gpus: {day: 1}}",
        "budgets:",
    ],
)
def test_a_budget_that_cannot_be_read_is_an_error_and_not_no_budget(text: str) -> None:
    with pytest.raises(PipelineFileError, match=r"^1\.yaml:1: budgets"):
        read("budgets: {runs: {day: 20}}", text)
