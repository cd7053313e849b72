"""Secrets that sluicegate itself reads for a stage, kept in its memory alone.

A rollout lasts hours and a login minutes: so what a rollout reads its metrics with is
fetched when that begins, or goes on in another process, and the login is ended at once.
No program gets what is read here, but for those that count metrics.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from typing_extensions import override

from sluicegate.engine.secrets import Loan
from sluicegate.errors import ExternalError
from sluicegate.model.rollout import Release
from sluicegate.ports.clock import Clock
from sluicegate.ports.metrics import MetricSource, Reading

RENEWED_AFTER = timedelta(minutes=15)
"""How old a secret is at least before it is fetched anew, as it may be another now."""


class HeldSecrets:
    """Secrets by variable, which *fetch* fetches when they are first asked for.

    May be used from any thread.
    """

    def __init__(self, fetch: Callable[[], Loan], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._values: Mapping[str, str] | None = None
        self._at: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Mapping[str, str]:
        """The secrets.

        Raises:
            ExternalError: they cannot be fetched, or that may not be recorded.
        """
        with self._lock:
            if self._values is None:
                self._values = self._take()
            return self._values

    def renew(self) -> bool:
        """Fetch them anew, unless that was done not long ago; whether they differ.

        Raises:
            ExternalError: they cannot be fetched; what was there stays.
        """
        with self._lock:
            now, before = self._clock.now(), self._values
            if before is None or self._at is None or now < self._at + RENEWED_AFTER:
                return False
            self._at = now
            self._values = self._take()
            return self._values != before

    def _take(self) -> Mapping[str, str]:
        with self._fetch() as loan:
            self._at = self._clock.now()
            return dict(loan.values)


class RenewedSource(MetricSource):
    """A source that, if it cannot be read, is tried again with secrets of today."""

    def __init__(self, source: MetricSource, held: HeldSecrets) -> None:
        self._source, self._held = source, held

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        try:
            return self._source.read(stable, canary, since)
        except ExternalError:
            if not self._held.renew():
                raise
            return self._source.read(stable, canary, since)
