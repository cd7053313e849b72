"""Where the numbers of a metric come from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sluicegate.model.metric import Pair
from sluicegate.model.rollout import Release


@dataclass(frozen=True, slots=True)
class Reading:
    """Cumulative numbers of both releases up to the same instant.

    Only differences of readings count: from where they count is the source's matter,
    as long as it is the same for all readings of one rollout, or later. A release
    without a series yet has zeros.
    """

    at: datetime
    pair: Pair


class MetricSource(Protocol):
    """Reads one metric of both releases."""

    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        """Read both at one instant.

        Args:
            stable: what holds the rest of the traffic.
            canary: what is judged.
            since: when the rollout began; what was counted before is of no interest.

        Raises:
            ExternalError: it cannot be read now, or not believed: a missing series of
                a release that is served, half of an answer. It says nothing of the
                release.
        """
        ...
