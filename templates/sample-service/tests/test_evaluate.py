import json
import re
from pathlib import Path

import pytest

import classifier
import evaluate
import train
from features import vector

MODEL = classifier.load(train.MODEL)
ROWS = evaluate.predictions(MODEL)


def test_every_bird_of_the_test_is_predicted_once() -> None:
    assert [row["id"] for row in ROWS] == [
        evaluate.name(bird) for bird in evaluate.held_out()
    ]


def test_the_metrics_are_those_of_the_predictions() -> None:
    found = evaluate.summarize(ROWS)
    metrics = json.loads(train.MODEL.read_text(encoding="utf-8"))["metrics"]
    assert found["accuracy"] == metrics["accuracy"]
    assert 0 < found["loss"] < 0.7


def test_the_champion_answered_the_same_birds() -> None:
    text = (train.HERE / "evaluation" / "champion.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["id"] for row in rows] == [row["id"] for row in ROWS]
    assert [row["y"] for row in rows] == [row["y"] for row in ROWS]


def test_the_model_card_has_the_numbers_of_the_model() -> None:
    card = evaluate.CARD.read_text(encoding="utf-8")
    found = {
        metric: float(value)
        for metric, value in re.findall(r"type: (\w+)\n\s+value: ([\d.]+)", card)
    }
    assert found == evaluate.summarize(ROWS)


def test_golden_requests_are_answered_as_the_model_does() -> None:
    *golden, refused = evaluate.golden(MODEL)
    assert len(golden) > 40
    assert (refused["request"], refused["status"]) == ({}, 400)
    assert any(each["request"]["sex"] is None for each in golden)
    for each in golden:
        assert each["expected"] == classifier.answer(MODEL, vector(each["request"]))


@pytest.mark.parametrize("card", ["", "type: accuracy\nvalue: none\n"])
def test_a_card_without_numbers_is_not_updated(
    card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "MODEL_CARD.md"
    path.write_text(card, encoding="utf-8")
    monkeypatch.setattr(evaluate, "CARD", path)
    with pytest.raises(SystemExit):
        evaluate.update_card({"accuracy": 1.0})
