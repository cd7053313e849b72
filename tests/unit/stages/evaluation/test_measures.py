"""`sluicegate.stages.evaluation.measures`: what each metric says of an example."""

import json
import math

import pytest

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.measures import MEASURES, of_column
from sluicegate.stages.evaluation.predictions import Predictions, read_predictions


def rows(*found: dict[str, object]) -> Predictions:
    lines = (json.dumps({"id": at, **row}) for at, row in enumerate(found))
    return read_predictions("\n".join(lines).encode(), "p.jsonl")


def test_accuracy_is_right_or_wrong() -> None:
    read = rows({"y": 1, "yhat": 1.0}, {"y": "a", "yhat": "b"}, {"y": 0, "yhat": 1})

    assert MEASURES["accuracy"].read(read) == (1, 0, 0)


def test_labels_that_never_could_be_equal_are_refused() -> None:
    with pytest.raises(PermanentError, match=r"p\.jsonl:1: y and yhat are of"):
        MEASURES["accuracy"].read(rows({"y": 1, "yhat": "1"}))


def test_log_loss_and_brier_are_those_of_a_probability() -> None:
    read = rows({"y": 1, "score": 0.8}, {"y": False, "score": 0.8})

    assert MEASURES["logloss"].read(read) == pytest.approx(
        (-math.log(0.8), -math.log(0.2))
    )
    assert MEASURES["brier"].read(read) == pytest.approx((0.04, 0.64))


def test_a_certain_error_is_dear_but_not_endless() -> None:
    (loss,) = MEASURES["logloss"].read(rows({"y": 1, "score": 0}))

    assert loss == pytest.approx(-math.log(1e-15))


@pytest.mark.parametrize(
    "row", [{"y": 2, "score": 0.5}, {"y": 1, "score": 1.1}, {"y": "a", "score": 0.1}]
)
@pytest.mark.parametrize("name", ["logloss", "brier"])
def test_what_is_no_probability_is_refused(name: str, row: dict[str, object]) -> None:
    with pytest.raises(PermanentError, match="y must be 0 or 1"):
        MEASURES[name].read(rows(row))


def test_errors_are_distances() -> None:
    read = rows({"y": 1, "yhat": 3}, {"y": 1, "yhat": 0.5})

    assert MEASURES["absolute_error"].read(read) == (2, 0.5)
    assert MEASURES["squared_error"].read(read) == (4, 0.25)


def test_a_column_is_taken_as_it_is() -> None:
    measure = of_column("cost", "lower")

    assert measure.read(rows({"cost": 2}, {"cost": -1.5})) == (2, -1.5)
    assert not measure.is_share
