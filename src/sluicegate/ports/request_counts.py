"""Where the requests of both releases in a cluster are counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sluicegate.model.rollout import Release, Scrape


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two that are compared, and what its counter knows it by.

    ``name`` is that of its Service, of its revision in Knative, or of what else alone
    its pods have: the hash of their template, where a Rollout has no Services.
    """

    release: Release
    name: str


class RequestCountsSource(Protocol):
    """Reads how many requests both arms were sent, and how many of them failed."""

    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        """Count from *since* on, up to the newest instant that is known of both.

        Args:
            stable: what holds the rest of the traffic. The same as *canary* where a
                first release is compared with nothing.
            canary: what is judged. One that was sent no request yet may be unknown
                there: it has zero counts.
            since: when this canary was deployed. Always the same during one rollout:
                only differences of readings count.
            changed: when the weights were last changed. A reading that ended before
                would count requests of the old weights as those of the new ones.

        Returns:
            Cumulative counts; ``at`` is the instant up to which they count.

        Raises:
            AwaitedError: *changed* was not reached yet.
            TransientError: it cannot be read now.
            PermanentError: it cannot be believed: a missing series, two releases that
                cannot be told apart.
        """
        ...
