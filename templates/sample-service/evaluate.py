"""Judges the model by birds that it has not seen: python3 evaluate.py.

    out/predictions.jsonl   what it says of each of them, and what was right
    out/golden.jsonl        requests, and what a service of this model must answer

No service is asked: both come from the model's file alone. With --card, the numbers in
MODEL_CARD.md are made those of this model, for a person to read and to commit.
"""

import json
import math
import re
import statistics
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import classifier
import train
from features import vector

OUT = train.HERE / "out"
CARD = train.HERE / "MODEL_CARD.md"
EVERY = 4  # which of the birds make a golden request


def predictions(model: classifier.Model) -> list[dict[str, object]]:
    """What *model* says of each bird of the test; ``loss`` is the log loss in nats."""
    rows = []
    for bird in held_out():
        chances = model.probabilities(vector(bird))
        species = str(bird["species"])
        rows.append(
            {
                "id": name(bird),
                "y": species,
                "yhat": max(chances, key=lambda each: chances[each]),
                "loss": round(-math.log(max(chances[species], 1e-15)), 6),
                "island": bird["island"],
            }
        )
    return rows


def golden(model: classifier.Model) -> list[dict[str, object]]:
    """Requests as users send them, each with the answer that is right."""
    known = ("island", *train.MEASUREMENTS, "sex")
    rows: list[dict[str, object]] = [
        {
            "id": name(bird),
            "request": {each: bird[each] for each in known},
            "expected": classifier.answer(model, vector(bird)),
        }
        for bird in held_out()[::EVERY]
    ]
    return [*rows, {"id": "nothing-known", "request": {}, "status": 400}]


def held_out() -> list[dict[str, object]]:
    """The birds that the model was not trained with."""
    return train.split(train.read_birds(train.DATA))[1]


def name(bird: Mapping[str, object]) -> str:
    """What a bird is called in all files: by its row in the data."""
    return f"row-{bird['row']}"


def summarize(rows: list[dict[str, object]]) -> dict[str, float]:
    """How good the model is by its predictions, to four digits."""
    return {
        "accuracy": round(statistics.fmean(row["y"] == row["yhat"] for row in rows), 4),
        "loss": round(statistics.fmean(float(str(row["loss"])) for row in rows), 4),
    }


def update_card(metrics: Mapping[str, float]) -> None:
    """Make the numbers of the model card those of *metrics*."""
    text = CARD.read_text(encoding="utf-8")
    for metric, value in metrics.items():
        number = re.compile(rf"(type: {metric}\b.*\n\s+value: )[\d.]+")
        text, found = number.subn(rf"\g<1>{value}", text)
        if found != 1:
            raise SystemExit(f"{CARD.name} has no number for {metric}")
    CARD.write_text(text, encoding="utf-8")


def write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write *rows* as JSON lines."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    """Judge the model that is there."""
    model = classifier.load(train.MODEL)
    rows = predictions(model)
    write(OUT / "predictions.jsonl", rows)
    write(OUT / "golden.jsonl", golden(model))
    metrics = summarize(rows)
    if "--card" in sys.argv[1:]:
        update_card(metrics)
    print(f"model {model.version}, {len(rows)} birds: {metrics}")


if __name__ == "__main__":
    main()
