"""The model to beat, as whoever judges has read it: from the log, or a registry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.model.digest import Digest


@dataclass(frozen=True, slots=True)
class Champion:
    """Predictions of the model to beat, and whose they are.

    ``name`` is that of the file they stood in: CSV if it ends with ``.csv``.
    ``version`` and ``run`` name the model for people: a release and the run that
    released it, or a model's version and the run of its registry. ``origin`` is all
    that is known of where it is from; all of it is kept as evidence.
    """

    data: bytes
    name: str
    version: str
    run: str
    origin: Mapping[str, str]

    @property
    def digest(self) -> Digest:
        """Of the predictions."""
        return Digest.of(self.data)

    def document(self) -> bytes:
        """Where it is from, and what was read: JSON, always the same bytes."""
        said = {**self.origin, "digest": str(self.digest)}
        return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class NoChampion:
    """There is no model to compare with, and ``reason`` says why: a first one."""

    reason: str
