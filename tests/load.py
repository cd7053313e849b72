"""Constant load on a service, with every answer accounted for."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

PAUSE_SECONDS = 0.002  # between two requests of a client: load, not a flood


@dataclass
class Load:
    """What came back.

    ``answers`` counts answers of a release, by its name and the status; ``failures``
    everything else: refused and cut connections, answers of the proxy itself. For each
    of these, ``failed`` has when it was asked and when it came. ``last`` has the same
    of the request to each release that was asked last, and the answer that came last.
    """

    names: frozenset[str]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[datetime, datetime]] = field(default_factory=list)
    last: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def total(self) -> int:
        return self.answers.total() + self.failures.total()

    def ask(
        self, connection: http.client.HTTPConnection, path: str, cookie: str = ""
    ) -> str:
        """Ask once, with *cookie*; the cookie to ask with the next time."""
        asked = datetime.now(UTC)
        try:
            connection.request("GET", path, headers={"Cookie": cookie})
            reply = connection.getresponse()
            name, status = reply.read().decode(errors="replace").strip(), reply.status
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            with self._lock:
                self.failures[repr(error)] += 1
                self.failed.append((asked, datetime.now(UTC)))
            return cookie
        with self._lock:
            if name in self.names:
                self.answers[name, status] += 1
                now = datetime.now(UTC)
                before = self.last.get(name, (asked, now))
                self.last[name] = (max(before[0], asked), now)
            else:
                self.failures[f"{status} {name[:40]}"] += 1
                self.failed.append((asked, datetime.now(UTC)))
        return reply.getheader("Set-Cookie", cookie).partition(";")[0]


@contextmanager
def constant_load(
    port: int,
    names: frozenset[str],
    *,
    keep_alive: int = 3,
    new: int = 2,
    slow: int = 2,
    patience: float = 20,
) -> Iterator[Load]:
    """Send requests while in the context.

    Args:
        port: of the service, on the loopback address.
        names: the releases, each of which answers with its name.
        keep_alive: clients that keep one connection, and the cookie they are given.
        new: clients that open a connection for each request.
        slow: clients that keep one connection and ask for ``/slow``, so that some
            request is always open.
        patience: seconds after which a client gives a request up.
    """
    load, stop = Load(names), threading.Event()

    def run(path: str, *, keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        cookie = ""
        while not stop.wait(PAUSE_SECONDS):
            said = load.ask(connection, path, cookie)
            cookie = said if keep else ""
            if not keep:
                connection.close()
        connection.close()

    clients = [
        threading.Thread(target=run, args=(path,), kwargs={"keep": keep})
        for path, keep in [("/", True)] * keep_alive
        + [("/", False)] * new
        + [("/slow", True)] * slow
    ]
    for client in clients:
        client.start()
    try:
        yield load
    finally:
        stop.set()
        for client in clients:
            client.join()
