"""What earlier attempts at a stage found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sluicegate.model.event import StageFinished


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """The end of an earlier attempt, and the id of its task."""

    task_id: str
    finished: StageFinished


class EarlierResults(Protocol):
    """The ends of earlier attempts, as the audit log has them."""

    def of(self, stage: str) -> Sequence[EarlierResult]:
        """Every end of an attempt at a stage called *stage*, newest first.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        ...
