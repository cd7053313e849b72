"""Counters of requests in memory, as a cluster's Prometheus would have them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fakes import FakeClock
from typing_extensions import override

from sluicegate.errors import TransientError
from sluicegate.model.rollout import Scrape, Slower
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.request_counts import Arm, RequestCountsSource


@dataclass
class FakeRequestCounts(RequestCountsSource):
    """What was counted, by the name of an arm; `serve` counts more.

    ``slower`` says by edge in milliseconds how many of an arm's requests took longer.
    ``outage`` is why nothing can be read, None if it can; ``scraped`` the instant up
    to which requests are known, by default now. ``asked`` are the readings so far.
    """

    clock: FakeClock
    counts: dict[str, RequestCounts] = field(default_factory=dict)
    slower: Mapping[int, dict[str, int]] = field(default_factory=dict)
    outage: str | None = None
    scraped: datetime | None = None
    asked: list[tuple[Arm, Arm, datetime]] = field(default_factory=list)

    def serve(self, name: str, total: int, failed: int = 0) -> None:
        """Count *total* more requests of the arm *name*, of which *failed* failed."""
        before = self.counts.get(name, NO_REQUESTS)
        self.counts[name] = before + RequestCounts(total, failed)

    @override
    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        self.asked.append((stable, canary, since))
        at = self.scraped or self.clock.now()
        if self.outage is not None:
            raise TransientError(self.outage)
        if changed is not None and at < changed:
            raise TransientError("nothing was scraped since the weights were changed")
        return Scrape(
            at,
            self.counts.get(stable.name, NO_REQUESTS),
            self.counts.get(canary.name, NO_REQUESTS),
            tuple(
                Slower(edge, found.get(stable.name, 0), found.get(canary.name, 0))
                for edge, found in sorted(self.slower.items())
            ),
        )
