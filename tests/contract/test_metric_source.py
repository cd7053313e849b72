"""What every source of a metric promises: the fake, a file, a program, Prometheus."""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import FakeClock
from fakes_metrics import FakeSource
from fakes_target import FakeTarget
from prometheus_service import (
    CANARY,
    CLOCK,
    STABLE,
    await_until,
    exporter,
    prometheus,
    relay,
)
from typing_extensions import override

from sluicegate.adapters.metrics.command import CommandSource
from sluicegate.adapters.metrics.json_lines import JsonLinesSource
from sluicegate.adapters.metrics.prometheus import PrometheusSource
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.prometheus_counts import Ratio
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.canary.metric import ERRORS
from sluicegate.errors import ExternalError
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import Release
from sluicegate.model.selector import Arms, Selector
from sluicegate.ports.metrics import MetricSource, Reading
from sluicegate.wiring.metrics import line_reader

Counts = tuple[int, int]


class World(ABC):
    """Two releases that serve requests, and a source that counts them."""

    def __init__(self) -> None:
        self.since = CLOCK.now()

    @abstractmethod
    def open(self) -> MetricSource:
        """A source without a memory, as a new process has it."""

    @abstractmethod
    def serve(self, stable: Counts, canary: Counts) -> None:
        """Let both serve (requests, failures); it is seen by the next reading."""

    @abstractmethod
    def cut_off(self) -> None:
        """Let the source be out of reach."""

    @abstractmethod
    def reconnect(self) -> None:
        """Let it be in reach again."""

    def read(self, source: MetricSource) -> Pair:
        return source.read(STABLE, CANARY, self.since).pair


class FakeWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.total = pair((0, 0), (0, 0))
        self.target = FakeTarget(FakeClock(), per_second=0)
        self.since = self.target.clock.now()
        self.source = FakeSource(self.target, lambda release, _: self.tally(release))

    def tally(self, release: Release) -> Tally:
        return self.total.stable if release == STABLE else self.total.canary

    @override
    def open(self) -> MetricSource:
        return self.source

    @override
    def serve(self, stable: Counts, canary: Counts) -> None:
        self.total += pair(stable, canary)

    @override
    def cut_off(self) -> None:
        self.source.dark_ms = range(self.target.clock.elapsed_ms + 1)

    @override
    def reconnect(self) -> None:
        self.source.dark_ms = range(0)


class FileWorld(World):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        # A line that ends in the very millisecond of the beginning is one before it.
        self.since -= timedelta(seconds=1)
        self.path = folder / "errors.jsonl"
        self.path.touch()

    @override
    def open(self) -> MetricSource:
        return JsonLinesSource(self.path, line_reader(ERRORS), 1)

    @override
    def serve(self, stable: Counts, canary: Counts) -> None:
        line = {
            "t": CLOCK.now().timestamp(),
            "metric": "errors",
            "kind": "bernoulli",
            "stable": {"n": stable[0], "x": stable[1]},
            "canary": {"n": canary[0], "x": canary[1]},
        }
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    @override
    def cut_off(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))

    @override
    def reconnect(self) -> None:
        self.path.with_suffix(".away").rename(self.path)


class CommandWorld(World):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.total = folder, pair((0, 0), (0, 0))
        self.serve((0, 0), (0, 0))

    @override
    def open(self) -> MetricSource:
        return CommandSource(
            ("cat", "numbers.json"),
            str(self.folder),
            SubprocessRunner(StopRequest(), os.environ),
            CLOCK,
            name="errors",
            kind=MetricKind.BERNOULLI,
            width=1,
            timeout=timedelta(seconds=30),
        )

    @override
    def serve(self, stable: Counts, canary: Counts) -> None:
        self.total += pair(stable, canary)
        both = {"stable": self.total.stable, "canary": self.total.canary}
        found = {name: {"n": each.n, "x": each.x[0]} for name, each in both.items()}
        (self.folder / "numbers.json").write_text(json.dumps(found))

    @override
    def cut_off(self) -> None:
        (self.folder / "numbers.json").rename(self.folder / "away")

    @override
    def reconnect(self) -> None:
        (self.folder / "away").rename(self.folder / "numbers.json")


class PrometheusWorld(World):
    """Requests before the beginning are there, and are none of the rollout's."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.exported = stack.enter_context(exporter())
        self.exported.add('served_total{to="v1.0"}', 1000)
        self.exported.add('failed_total{to="v1.0"}', 100)
        self.server = stack.enter_context(prometheus(folder, self.exported.target))
        self.relay = stack.enter_context(relay(self.server.port))
        await_until(self.is_scraped, "the first scrape")
        super().__init__()

    @override
    def open(self) -> PrometheusSource:
        return PrometheusSource(
            PrometheusApi(f"http://127.0.0.1:{self.relay.port}", timeout_seconds=30),
            Arms("to", "{name}", "{name}"),
            Ratio(Selector("served_total"), Selector("failed_total")),
            CLOCK,
            kind=MetricKind.BERNOULLI,
            width=1,
        )

    def is_scraped(self) -> bool:
        """Whether a sample of stable is stored."""
        try:
            self.open().read(STABLE, CANARY, CLOCK.now())
        except ExternalError:
            return False
        return True

    @override
    def serve(self, stable: Counts, canary: Counts) -> None:
        for release, counts in ((STABLE, stable), (CANARY, canary)):
            # Like Traefik, it has no series of what has not happened.
            for name, number in zip(("served", "failed"), counts, strict=True):
                if number:
                    series = f'{name}_total{{to="{release.name}"}}'
                    self.exported.add(series, number)

    @override
    def read(self, source: MetricSource) -> Pair:
        """A reading of what was scraped after all that was served until now."""
        served_at, readings = CLOCK.now(), list[Reading]()

        def is_current() -> bool:
            readings.append(source.read(STABLE, CANARY, self.since))
            return readings[-1].at > served_at

        if self.exported.values.get('served_total{to="v1.1"}') is None:
            return source.read(STABLE, CANARY, self.since).pair
        await_until(is_current, "a scrape")
        return readings[-1].pair

    @override
    def cut_off(self) -> None:
        self.relay.cut = True

    @override
    def reconnect(self) -> None:
        self.relay.cut = False


def pair(stable: Counts, canary: Counts) -> Pair:
    return Pair(Tally(stable[0], (stable[1],)), Tally(canary[0], (canary[1],)))


@pytest.fixture(params=["fake", "file", "command", "prometheus"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        match request.param:
            case "fake":
                yield FakeWorld()
            case "file":
                yield FileWorld(tmp_path)
            case "command":
                yield CommandWorld(tmp_path)
            case _:
                yield PrometheusWorld(tmp_path / "prometheus", stack)


def test_a_source_counts_both_releases_from_the_beginning_on(world: World) -> None:
    source = world.open()
    assert world.read(source) == pair((0, 0), (0, 0))

    world.serve((90, 0), (10, 1))
    assert world.read(source) == pair((90, 0), (10, 1))

    world.serve((9, 2), (1, 0))
    assert world.read(source) == pair((99, 2), (11, 1))
    assert world.read(source) == pair((99, 2), (11, 1))  # and counts nothing twice

    # What a controller that was started anew reads is the same.
    assert world.read(world.open()) == pair((99, 2), (11, 1))

    world.cut_off()
    with pytest.raises(ExternalError):
        source.read(STABLE, CANARY, world.since)
    world.reconnect()
    world.serve((1, 1), (5, 5))
    assert world.read(source) == pair((100, 3), (16, 6))  # nothing is lost meanwhile
