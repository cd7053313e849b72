"""Trains the classifier: python3 train.py. Writes model.json, says how good it is."""

import csv
import statistics
from pathlib import Path

import classifier
from features import vector

HERE = Path(__file__).parent
MEASUREMENTS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
STEPS = 200
RATE = 0.005
HELD_OUT = 5  # every fifth row of the file is kept for the test


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
    learn, test = split(read_birds(HERE / "data" / "penguins.csv"))
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
    metrics = {
        "accuracy": round(accuracy, 4),
        "trained_on": len(learn),
        "tested_on": len(test),
    }
    classifier.save(model, HERE / "model.json", metrics=metrics)
    print(f"model {model.version}: {accuracy:.1%} of {len(test)} held-out birds right")


if __name__ == "__main__":
    main()
