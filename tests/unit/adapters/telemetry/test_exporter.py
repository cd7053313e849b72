"""Unit tests of `sluicegate.adapters.telemetry.exporter`: a run waits no longer."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.adapters.telemetry.delivery import Delivery
from sluicegate.adapters.telemetry.exporter import Exporter, Patience, Route
from sluicegate.adapters.telemetry.settings import Signal


@dataclass
class Watch:
    """A clock that others move."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def encode(records: Sequence[str]) -> bytes:
    return ",".join(records).encode()


def test_all_that_a_run_spends_counts() -> None:
    watch = Watch()
    patience = Patience(2.0, watch)

    for seconds in (0.5, 1.0):
        with patience.spending():
            watch.seconds += seconds

    assert patience.left_seconds == 0.5
    with patience.spending():
        watch.seconds += 60
    assert patience.left_seconds == 0


def test_each_signal_goes_its_own_way() -> None:
    never, sent = threading.Event(), list[bytes]()

    def hang(body: bytes, seconds: float) -> Delivery:
        del body, seconds
        never.wait(60)
        return Delivery()

    def take(body: bytes, seconds: float) -> Delivery:
        del seconds
        sent.append(body)
        return Delivery()

    exporter = Exporter(
        {Signal.TRACES: Route(encode, hang), Signal.LOGS: Route(encode, take)}
    )
    try:
        exporter.put(Signal.TRACES, ["span"])
        exporter.put(Signal.LOGS, ["record"])
        exporter.put(Signal.METRICS, ["nobody asked for it"])
        accounts = exporter.finish(0.2, hurried=False)
    finally:
        never.set()

    assert sent == [b"record"]
    assert accounts[Signal.TRACES].lost == 1
    assert accounts[Signal.LOGS].delivered == 1
    assert set(accounts) == {Signal.TRACES, Signal.LOGS}
    assert not exporter.sends(Signal.METRICS)
