"""What a stage found: a small typed document, and files kept by digest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest

OUTPUTS = "outputs.json"
"""The evidence file that lists a stage's declared outputs by digest."""

Value = bool | int | float | str
"""One field of evidence. Fractions are rounded to 6 decimals (see `round_value`)."""

_MAX_INTEGER = 2**53 - 1  # RFC 8785 numbers are IEEE doubles


def round_value(value: Value) -> Value:
    """Bring *value* to the precision in which the audit log records it.

    The log holds integers only, so a fraction is stored as millionths; the gate must
    judge exactly what is stored.

    Raises:
        UsageError: a number that is not finite, or an integer beyond 2**53 - 1.
    """
    if isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value) or abs(value) > _MAX_INTEGER / 1e6:
            raise UsageError(f"evidence must be a finite, storable number: {value!r}")
        return round(value, 6)
    if abs(value) > _MAX_INTEGER:
        raise UsageError(f"evidence integer beyond 2**53 - 1: {value!r}")
    return value


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the project that is kept: its path there, its ``size`` in bytes."""

    path: str
    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file kept by digest beside the log. ``size`` in bytes."""

    name: str
    media_type: str
    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Evidence:
    """Fields a gate may judge, keyed by name, and the files behind them."""

    fields: Mapping[str, Value] = field(default_factory=dict)
    files: tuple[EvidenceFile, ...] = ()
