"""`sluicegate.stages.evaluation.slicing`: slices, and who counts in a share."""

import json

import pytest

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.predictions import Predictions, read_predictions
from sluicegate.stages.evaluation.slicing import (
    Count,
    Share,
    count,
    count_all,
    outcomes,
    slices_of,
)


def rows(*found: dict[str, object]) -> Predictions:
    lines = (json.dumps({"id": at, **row}) for at, row in enumerate(found))
    return read_predictions("\n".join(lines).encode(), "p.jsonl")


FOUR = rows(
    {"y": 1, "yhat": 1, "eu": True, "band": 1},
    {"y": 1, "yhat": 0, "eu": False, "band": 1.5},
    {"y": 0, "yhat": 1, "eu": True, "band": "x"},
    {"y": 0, "yhat": 0, "eu": True, "band": 1},
)


def test_slices_are_named_by_column_and_value() -> None:
    assert slices_of(FOUR, ("eu", "band")) == {
        "band=1": (0, 3),
        "band=1.5": (1,),
        "band=x": (2,),
        "eu=false": (1,),
        "eu=true": (0, 2, 3),
    }


def test_a_column_of_numbers_is_no_column_of_slices() -> None:
    found: list[dict[str, object]] = [{"at": at} for at in range(101)]
    many = rows(*found)

    with pytest.raises(PermanentError, match="column at has more than 100 values"):
        slices_of(many, ("at",))


@pytest.mark.parametrize(
    ("share", "found"),
    [
        ("accuracy", [True, False, False, True]),
        ("selection_rate", [True, False, True, False]),
        ("recall", [True, False, None, None]),
        ("precision", [True, None, False, None]),
        ("specificity", [None, None, False, True]),
    ],
)
def test_each_share_is_about_its_own_examples(
    share: Share, found: list[bool | None]
) -> None:
    assert outcomes(FOUR, share, 1.0) == found
    n = sum(each is not None for each in found)
    assert count(found, range(4)) == Count(sum(map(bool, found)), n)


def test_the_positive_label_may_be_a_text_and_must_be_of_their_kind() -> None:
    read = rows({"y": "churned", "yhat": "stays"})

    assert outcomes(read, "recall", "churned") == [False]
    with pytest.raises(PermanentError, match="not of the kind of positive"):
        outcomes(read, "recall", 1.0)


def test_slices_are_counted_each_and_left_out_of_the_rest() -> None:
    counts = count_all([True, None, False, True], {"a": (0, 1), "b": (2,)})

    assert counts == {"a": Count(1, 1), "b": Count(0, 1)}
    assert Count(2, 3) - counts["a"] == Count(1, 2)
