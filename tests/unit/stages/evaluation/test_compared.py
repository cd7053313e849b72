"""`sluicegate.stages.evaluation.compared`: fields and words of a comparison."""

import json
from collections.abc import Sequence
from typing import Literal

import pytest

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.compared import Terms, compare, fields_of
from sluicegate.stages.evaluation.comparison import Question
from sluicegate.stages.evaluation.measures import of_column
from sluicegate.stages.evaluation.predictions import Predictions, read_predictions
from sluicegate.stages.stage import Report

NOISE = [1.0, 2.0, 4.0, 5.0] * 10


def rows(costs: Sequence[float], source: str, **more: object) -> Predictions:
    lines = [{"id": at, "cost": cost, **more} for at, cost in enumerate(costs)]
    return read_predictions("\n".join(map(json.dumps, lines)).encode(), source)


def run(
    new: Predictions,
    old: Predictions,
    on_inconclusive: Literal["pending", "block", "approval"] = "pending",
    *,
    bootstrap: bytes | None = None,
) -> Report:
    terms = Terms(
        {"cost": of_column("cost", "lower")},
        {"cost": Question("noninferior", 0.5, is_share=False, bootstrap=bootstrap)},
        0.95,
        0.8,
        corrects=True,
        least=30,
        on_inconclusive=on_inconclusive,
    )
    report = compare(terms, new, old)
    declared = fields_of({"cost": "noninferior"}, may_be_unsure=True, may_ask=True)
    assert report.fields.keys() <= {spec.name for spec in declared}
    return report


def test_where_less_is_better_the_bounds_are_of_the_difference_itself() -> None:
    cheaper = [cost - (0.1 if cost > 2 else 0.3) for cost in NOISE]
    found = run(rows(cheaper, "new"), rows(NOISE, "old"))

    assert found.fields["cost_candidate"] == pytest.approx(2.8)
    assert found.fields["cost_champion"] == 3
    assert found.fields["cost_difference"] == pytest.approx(-0.2)
    lower, upper = found.fields["cost_lower"], found.fields["cost_upper"]
    assert isinstance(lower, float)
    assert isinstance(upper, float)
    assert lower < -0.2 < upper < 0
    assert found.fields["cost_noninferior"] is True
    assert found.summary.startswith("40 examples: cost -0.2 (-0.2")
    assert found.summary.endswith("is at most 0.5 worse")


@pytest.mark.parametrize(
    ("choice", "field"),
    [("pending", "inconclusive"), ("approval", "needs_approval"), ("block", None)],
)
def test_what_cannot_be_told_says_what_it_would_take(
    choice: Literal["pending", "block", "approval"], field: str | None
) -> None:
    other = [*NOISE[20:], *(cost + 0.9 for cost in reversed(NOISE[:20]))]

    found = run(rows(other, "new"), rows(NOISE, "old"), choice)

    needed = found.fields["cost_needed"]
    assert isinstance(needed, int)
    assert needed > 40
    assert "cost_noninferior" not in found.fields
    words = {"inconclusive", "needs_approval"} & found.fields.keys()
    assert words == ({field} if field else set())
    if field:
        assert f"40 examples do not tell, about {needed} would" in str(
            found.fields[field]
        )


def test_the_same_files_make_the_same_bootstrap() -> None:
    new, old = rows([cost * 1.01 for cost in NOISE], "new"), rows(NOISE, "old")

    assert run(new, old, bootstrap=b"a") == run(new, old, bootstrap=b"a")
    assert run(new, old, bootstrap=b"a") != run(new, old, bootstrap=b"b")


def test_what_is_too_much_for_a_bootstrap_says_what_to_do() -> None:
    many = rows([1.0] * 10_001, "many")

    with pytest.raises(PermanentError, match="a bootstrap of 10001 examples"):
        run(many, many, bootstrap=b"a")


def test_models_that_are_measured_by_another_truth_are_not_compared() -> None:
    with pytest.raises(PermanentError, match="new:1: y is another one than in old:1"):
        run(rows(NOISE, "new", y=1), rows(NOISE, "old", y=0))
    with pytest.raises(PermanentError, match="y is another one"):
        run(rows(NOISE, "new", y=1), rows(NOISE, "old", y=True))


def test_one_example_or_figures_beyond_the_log_compare_nothing() -> None:
    with pytest.raises(PermanentError, match="at least 2"):
        run(rows([1], "new"), rows([1], "old"))
    with pytest.raises(PermanentError, match="too large for the log"):
        run(rows([2e15] * 40, "new"), rows(NOISE, "old"))
