import csv
import hashlib
import json
from pathlib import Path

import pytest

import classifier
import train
from features import BadInputError, vector

HERE = Path(train.__file__).parent
BIRDS = train.read_birds(train.DATA)


def test_the_data_is_the_published_copy() -> None:
    data = train.DATA.read_bytes()
    assert hashlib.sha256(data).hexdigest() in (HERE / "data" / "README.md").read_text()


def test_birds_without_measurements_are_left_out() -> None:
    with train.DATA.open(newline="") as file:
        unmeasured = [row for row in csv.DictReader(file) if "NA" in row.values()]
    assert len(BIRDS) < 344
    assert all(vector(bird) for bird in BIRDS)
    assert any(row["body_mass_g"] == "NA" for row in unmeasured)


def test_no_bird_is_both_learnt_and_tested() -> None:
    learn, test = train.split(BIRDS)
    assert len(learn) + len(test) == len(BIRDS)
    assert not [bird for bird in test if any(bird is other for other in learn)]


def test_the_model_is_right_about_birds_it_never_saw() -> None:
    model = classifier.load(train.MODEL)
    _, test = train.split(BIRDS)
    accuracy = model.accuracy(
        [vector(bird) for bird in test], [str(bird["species"]) for bird in test]
    )
    assert accuracy >= 0.92
    metrics = json.loads(train.MODEL.read_text())["metrics"]
    assert metrics["accuracy"] == round(accuracy, 4)
    assert metrics["tested_on"] == len(test)


def test_probabilities_add_up_to_one() -> None:
    model = classifier.load(train.MODEL)
    for bird in BIRDS:
        assert sum(model.probabilities(vector(bird)).values()) == pytest.approx(1)


@pytest.mark.parametrize("value", [None, "39.1", True, 0, -1, float("nan")])
def test_a_measurement_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(BadInputError, match="bill_depth_mm"):
        vector(BIRDS[0] | {"bill_depth_mm": value})
