"""Trains the classifier: python3 train.py. Writes model/model.json.

Within a pipeline also training.json, into the folder that SLUICEGATE_OUTPUT names.
"""

import csv
import json
import os
import statistics
from pathlib import Path

import classifier
from features import vector

HERE = Path(__file__).parent
DATA = HERE / "data" / "penguins.csv"
MODEL = HERE / "model" / "model.json"
MEASUREMENTS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
STEPS = 200
RATE = 0.005
HELD_OUT = 2  # every second row of the file is kept for the test


def read_birds(path: Path) -> list[dict[str, object]]:
    """Read the birds that were measured; two of them got away before that."""
    with path.open(encoding="utf-8", newline="") as file:
        birds = [
            {name: None if text == "NA" else text for name, text in row.items()}
            | {"row": number}
            for number, row in enumerate(csv.DictReader(file))
        ]
    return [
        bird | {name: float(bird[name]) for name in MEASUREMENTS}
        for bird in birds
        if all(bird[name] is not None for name in MEASUREMENTS)
    ]


def split(
    birds: list[dict[str, object]],
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Divide *birds* into those to learn from and those to test with."""
    learn = [bird for bird in birds if bird["row"] % HELD_OUT]
    return learn, [bird for bird in birds if bird["row"] % HELD_OUT == 0]


def main() -> None:
    """Train, test on the held-out birds, save."""
    learn, test = split(read_birds(DATA))
    vectors = [vector(bird) for bird in learn]
    columns = list(zip(*vectors, strict=True))
    model = classifier.train(
        vectors,
        [str(bird["species"]) for bird in learn],
        mean=[round(statistics.fmean(column), 6) for column in columns],
        scale=[1.0 for _ in columns],
        steps=STEPS,
        rate=RATE,
    )
    accuracy = model.accuracy(
        [vector(bird) for bird in test], [str(bird["species"]) for bird in test]
    )
    save(model, accuracy, len(learn), len(test))


def save(
    model: classifier.Model, accuracy: float, trained_on: int, tested_on: int
) -> None:
    """Write *model* and what is known of it."""
    metrics = {
        "accuracy": round(accuracy, 4),
        "trained_on": trained_on,
        "tested_on": tested_on,
    }
    classifier.save(model, MODEL, metrics=metrics)
    if "SLUICEGATE_OUTPUT" in os.environ:
        report = Path(os.environ["SLUICEGATE_OUTPUT"]) / "training.json"
        report.write_text(json.dumps(metrics), encoding="utf-8")
    print(f"model {model.version}: {accuracy:.1%} of {tested_on} held-out birds right")


if __name__ == "__main__":
    main()
