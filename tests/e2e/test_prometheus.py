"""The real Prometheus scrapes the real Traefik, and every request is counted once."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from prometheus_service import (
    CANARY,
    CLOCK,
    STABLE,
    Prometheus,
    await_until,
    prometheus,
)
from traefik_process import Traefik, traefik

from sluicegate.adapters.masking import Masks
from sluicegate.adapters.targets.traefik_config import live_service
from sluicegate.adapters.targets.traefik_latency import parse_slower
from sluicegate.config.file import parse_pipeline
from sluicegate.errors import ExternalError, TransientError
from sluicegate.model.metric import Pair, Tally
from sluicegate.ports.metrics import MetricSource, Reading
from sluicegate.stages.canary import CanaryStage
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.metrics import MetricSources

LABEL = "'live-{image}@file'"
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  image: {uses: docker-build, image: churn}
  canary:
    uses: canary
    environment: production
    metrics:
      refused:
        kind: bernoulli
        from:
          uses: prometheus
          url: URL
          timeout: 60s
          arms: {label: service, stable: LABEL, canary: LABEL}
          total: traefik_service_requests_total
          failed: traefik_service_requests_total{code=~"499|5.."}
      slow:
        kind: latency
        edges: [100ms, 250ms, 2500ms]
        from:
          uses: prometheus
          url: URL
          timeout: 60s
          arms: {label: service, stable: LABEL, canary: LABEL}
          buckets: traefik_service_request_duration_seconds_bucket
      answers:
        kind: categories
        categories: ["200", "404", "500"]
        from:
          uses: prometheus
          url: URL
          timeout: 60s
          arms: {label: service, stable: LABEL, canary: LABEL}
          total: traefik_service_requests_total{method="GET"}
          by: code
      bytes:
        kind: rate
        from:
          uses: prometheus
          url: URL
          timeout: 60s
          arms: {label: service, stable: LABEL, canary: LABEL}
          events: traefik_service_responses_bytes_total
          exposure: traefik_service_requests_total
environments:
  production: {target: {uses: docker, port: 8000}}
"""


@dataclass
class World:
    """Traefik, Prometheus, and the sources that a pipeline file names."""

    proxy: Traefik
    server: Prometheus
    sources: Mapping[str, MetricSource]

    def read(self, name: str, since: datetime) -> Reading:
        return self.sources[name].read(STABLE, CANARY, since)

    def await_pair(self, name: str, since: datetime, expected: Pair) -> None:
        """Wait until *name* is *expected*; what is counted too much never is."""
        seen = list[object]()

        def is_there() -> bool:
            try:
                seen.append(self.read(name, since).pair)
            except ExternalError as error:
                seen.append(error)
            return seen[-1] == expected

        try:
            await_until(is_there, name)
        except AssertionError:
            pytest.fail(f"{name} is {seen[-1]!r}, not {expected!r}")

    def await_timed(self, since: datetime, stable: int, canary: int) -> Pair:
        """Wait until so many requests are timed, which is done after counting."""

        def is_there() -> bool:
            pair = self.read("slow", since).pair
            return (pair.stable.n, pair.canary.n) == (stable, canary)

        await_until(is_there, f"{stable} and {canary} requests to be timed")
        return self.read("slow", since).pair


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with ExitStack() as stack:
        proxy = stack.enter_context(traefik(folder / "traefik"))
        target = f"127.0.0.1:{proxy.page_port}"
        server = stack.enter_context(prometheus(folder / "prometheus", target))
        yield World(proxy, server, open_sources(folder, server.url))


def open_sources(folder: Path, url: str) -> Mapping[str, MetricSource]:
    text = PIPELINE.replace("URL", url).replace("LABEL", LABEL)
    stage = parse_pipeline(text.encode(), "p.yaml").stage("canary").stage
    assert isinstance(stage, CanaryStage)
    machine = Machine(environ={"HOME": str(folder)})
    return MetricSources(machine, folder, machine.process, CLOCK, Masks({}, None)).of(
        stage
    )


def begin(world: World) -> datetime:
    """The beginning of a rollout: stable serves, and that is known."""
    asked_at = CLOCK.now()
    world.proxy.send(STABLE, 200)

    def is_known() -> bool:
        try:
            world.read("refused", asked_at)
        except ExternalError:
            return False
        return True

    await_until(is_known, "the first request")
    return CLOCK.now()  # after the sample that has it


def counts(n: int, *x: int) -> Tally:
    return Tally(n, x)


def test_every_request_is_counted_once_whatever_restarts(world: World) -> None:
    since = begin(world)
    nothing = Pair(counts(0, 0), counts(0, 0))
    assert world.read("refused", since).pair == nothing

    # No release has failed: there is no series of failures, which is zero.
    world.proxy.send(STABLE, *[200] * 40)
    world.proxy.send(CANARY, *[200] * 7)  # whose series are new
    world.await_pair("refused", since, Pair(counts(40, 0), counts(7, 0)))

    world.proxy.send(STABLE, 500, 500, 404, *[200] * 7)
    world.proxy.send(CANARY, 500, 500, 500)
    world.await_pair("refused", since, Pair(counts(50, 2), counts(10, 3)))
    answers = Pair(counts(50, 47, 1, 2), counts(10, 7, 0, 3))
    world.await_pair("answers", since, answers)
    world.await_pair("bytes", since, Pair(counts(50, 50), counts(10, 10)))

    # The histograms, as the target itself reads them.
    page = world.proxy.page()
    slower = parse_slower(page, live_service(STABLE), live_service(CANARY))
    edges = {each.edge_ms: each for each in slower}
    assert edges[0].stable == 51  # one of them before the beginning
    canary = counts(10, *(edges[edge].canary for edge in (100, 250, 2500)))
    assert world.await_timed(since, 50, 10).canary == canary

    # Its counters begin again at 0, and are below what they were when they are seen.
    world.proxy.kill()
    world.proxy.start()
    world.proxy.send(STABLE, 500, *[200] * 4)
    world.proxy.send(CANARY, *[200] * 2)
    world.await_pair("refused", since, Pair(counts(55, 3), counts(12, 3)))
    world.await_timed(since, 55, 12)

    # An outage of the metrics; what is served meanwhile is counted afterwards.
    world.server.kill()
    world.proxy.send(STABLE, 500)
    with pytest.raises(TransientError, match="cannot be reached"):
        world.read("refused", since)
    world.server.start()
    world.proxy.send(CANARY, 500)
    world.await_pair("refused", since, Pair(counts(56, 4), counts(13, 4)))
