"""Multinomial logistic regression. Standard library only, deterministic."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Vector = Sequence[float]


@dataclass(frozen=True)
class Model:
    """A trained classifier.

    ``mean`` is subtracted from a feature vector, which is then divided by ``scale``;
    each row of ``weights`` belongs to one class and ends with its intercept.
    """

    classes: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]

    @property
    def version(self) -> str:
        """Twelve digits that change whenever the numbers of the model do."""
        numbers = json.dumps([self.classes, self.mean, self.scale, self.weights])
        return hashlib.sha256(numbers.encode()).hexdigest()[:12]

    def probabilities(self, features: Vector) -> dict[str, float]:
        """How likely each class is; the values add up to 1."""
        inputs = self._inputs(features)
        return dict(zip(self.classes, _softmax(self.weights, inputs), strict=True))

    def predict(self, features: Vector) -> str:
        """Name the most likely class."""
        found = self.probabilities(features)
        return max(found, key=lambda name: found[name])

    def accuracy(self, vectors: Sequence[Vector], labels: Sequence[str]) -> float:
        """Share of *vectors* whose class is predicted right."""
        pairs = zip(vectors, labels, strict=True)
        return sum(self.predict(v) == label for v, label in pairs) / len(labels)

    def _inputs(self, features: Vector) -> list[float]:
        columns = zip(features, self.mean, self.scale, strict=True)
        return [(value - mean) / scale for value, mean, scale in columns] + [1.0]


def train(
    vectors: Sequence[Vector],
    labels: Sequence[str],
    *,
    mean: Vector,
    scale: Vector,
    steps: int,
    rate: float,
) -> Model:
    """Fit by plain gradient descent from zero, so that it always ends the same."""
    classes = tuple(sorted(set(labels)))
    zero = tuple((0.0,) * (len(mean) + 1) for _ in classes)
    model = Model(classes, tuple(mean), tuple(scale), zero)
    inputs = [model._inputs(vector) for vector in vectors]
    weights = [list(row) for row in zero]
    for _ in range(steps):
        gradient = [[0.0] * len(row) for row in weights]
        for row, label in zip(inputs, labels, strict=True):
            for k, chance in enumerate(_softmax(weights, row)):
                error = chance - (classes[k] == label)
                for j, value in enumerate(row):
                    gradient[k][j] += error * value
        for k, slope in enumerate(gradient):
            for j, value in enumerate(slope):
                weights[k][j] -= rate * value / len(inputs)
    rounded = tuple(tuple(round(w, 6) for w in row) for row in weights)
    return Model(classes, tuple(mean), tuple(scale), rounded)


def load(path: Path) -> Model:
    """Read a model that `save` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Model(
        classes=tuple(data["classes"]),
        mean=tuple(data["mean"]),
        scale=tuple(data["scale"]),
        weights=tuple(tuple(row) for row in data["weights"]),
    )


def answer(model: Model, features: Vector) -> dict[str, object]:
    """What a service of *model* replies; probabilities have four digits."""
    chances = model.probabilities(features)
    return {
        "species": max(chances, key=lambda name: chances[name]),
        "probabilities": {name: round(p, 4) for name, p in chances.items()},
        "model": model.version,
    }


def save(model: Model, path: Path, *, metrics: dict[str, float | int]) -> None:
    """Write *model* and how good it is as JSON."""
    data = {
        "version": model.version,
        "metrics": metrics,
        "classes": model.classes,
        "mean": model.mean,
        "scale": model.scale,
        "weights": model.weights,
    }
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    part.replace(path)  # whoever reads it meanwhile reads one model, not half of two


def _softmax(weights: Sequence[Vector], inputs: Vector) -> list[float]:
    scores = [sum(map(float.__mul__, row, inputs)) for row in weights]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
