"""A constant load on the sample service, and an independent count of its answers.

The same requests in the same order, whatever answers them: birds of the data set, as an
app sends them that says "unknown" where the data set has a gap. Each reply names the
model that gave it, so this side knows, without asking the proxy, which release served
a request and what became of it. A request without such a reply was lost on the way,
which is the mechanics' fault.
"""

import csv
import http.client
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sluicegate.model.traffic import RequestCounts

_NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
_TIMEOUT_SECONDS = 10
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Tally:
    """What was answered so far.

    ``by_model`` counts per model version; ``failed`` there are replies with a status
    of 500 or more. ``lost`` requests got no reply from any release; ``losses`` says in
    what ways, and how often.
    """

    by_model: Mapping[str, RequestCounts] = field(default_factory=dict)
    lost: int = 0
    losses: Mapping[str, int] = field(default_factory=dict)

    def of(self, model: str) -> RequestCounts:
        """What *model* answered."""
        return self.by_model.get(model, RequestCounts(0, 0))

    @property
    def total(self) -> int:
        """All requests, answered and lost."""
        return self.lost + sum(counts.total for counts in self.by_model.values())

    def answered(self, model: str, *, failed: bool) -> "Tally":
        """Count a reply of *model*."""
        counts = self.of(model) + RequestCounts(1, int(failed))
        return replace(self, by_model={**self.by_model, model: counts})

    def missing(self, way: str) -> "Tally":
        """Count a request that no release answered."""
        losses = {**self.losses, way: self.losses.get(way, 0) + 1}
        return replace(self, lost=self.lost + 1, losses=losses)


def read_bodies(data: Path) -> tuple[bytes, ...]:
    """Turn every bird of the data set that was measured into a request body."""
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    measured = [row for row in rows if all(row[name] != "NA" for name in _NUMBERS)]
    return tuple(
        json.dumps(
            {
                "island": row["island"],
                "sex": "unknown" if row["sex"] == "NA" else row["sex"],
                **{name: float(row[name]) for name in _NUMBERS},
            }
        ).encode()
        for row in measured
    )


class Load:
    """Sends requests to 127.0.0.1:*port* at a constant *rate* a second.

    The order is drawn with a fixed seed: a plain round through the file could fall
    into step with the proxy's own round through its weights.
    """

    def __init__(
        self, port: int, bodies: Sequence[bytes], *, rate: int, workers: int = 8
    ) -> None:
        self._port = port
        self._bodies = bodies
        self._order = random.Random(2007)  # noqa: S311 - an order, not a secret
        self._interval = 1 / rate
        self._workers = workers
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._tally = Tally()
        self._due = 0.0

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return self._tally

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the load up while in the context; open requests are awaited."""
        self._due = time.monotonic()
        threads = [
            threading.Thread(target=self._work, daemon=True)
            for _ in range(self._workers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    def _work(self) -> None:
        client = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS
        )
        while True:
            with self._lock:
                due, self._due = self._due, self._due + self._interval
                body = self._order.choice(self._bodies)
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                client.close()
                return
            self._ask(client, body)

    def _ask(self, client: http.client.HTTPConnection, body: bytes) -> None:
        """Send one request, once: a retry would hide what a user would see."""
        try:
            client.request("POST", "/predict", body)
            reply = client.getresponse()
            reply.read()
        except (OSError, http.client.HTTPException) as error:
            client.close()
            way = f"no answer ({type(error).__name__})"
            with self._lock:
                self._tally = self._tally.missing(way)
            return
        model = reply.getheader("X-Model")
        with self._lock:
            if model is None:
                self._tally = self._tally.missing(f"status {reply.status} of the proxy")
            else:
                failed = reply.status >= _SERVER_ERROR
                self._tally = self._tally.answered(model, failed=failed)
