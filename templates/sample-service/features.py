"""Turns what was measured on a penguin into the numbers the model works with."""

import math
from collections.abc import Mapping


class BadInputError(ValueError):
    """A bird that cannot be classified; the message says what to mend."""


def vector(bird: Mapping[str, object]) -> tuple[float, ...]:
    """Build the feature vector of *bird*: lengths in mm, mass in kg.

    Raises:
        BadInputError: a measurement is missing, or is not a positive number.
    """
    return (
        _measurement(bird, "bill_length_mm"),
        _measurement(bird, "bill_depth_mm"),
        _measurement(bird, "flipper_length_mm"),
        _measurement(bird, "body_mass_g") / 1000,
    )


def _measurement(bird: Mapping[str, object], name: str) -> float:
    value = bird.get(name)
    if value is None:
        raise BadInputError(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInputError(f"{name} must be a number")
    if not math.isfinite(value) or value <= 0:
        raise BadInputError(f"{name} must be a positive number")
    return float(value)
