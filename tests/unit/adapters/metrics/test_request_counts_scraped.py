"""Requests that the real Prometheus scraped of pages as proxies export them.

Traefik is the real one. The rest stand-ins of their pages: that the names are those of
the proxies is in `tests/proxy_pages.py` with where they are from.
"""

import http.client
import json
import shutil
import subprocess
import sysconfig
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from prometheus_service import (
    CANARY,
    CLOCK,
    STABLE,
    Exporter,
    await_until,
    exporter,
    free_port,
    prometheus,
    serving,
)
from proxy_pages import ARMS, PAGES
from typing_extensions import override

from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.proxy_counters import PROXIES, Place
from sluicegate.adapters.metrics.request_counts import PrometheusRequestCounts
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Scrape, Slower
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.request_counts import Arm

PLACE = Place("shop", "web", 80)
BACKEND = "httproute-shop-web-gw-infra-public-ep-web-0-1c0cf64bde37d9d0df06-svc-shop-"


class Answering(BaseHTTPRequestHandler):
    """Answers with the status that it is asked for."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b".")

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class World:
    """One Prometheus that scrapes all proxies."""

    url: str
    page: Exporter
    traefik: int
    began: datetime

    def serve(self, proxy: str, arm: str, status: str, number: int) -> None:
        for series, count in PAGES[proxy].served(arm, status, number).items():
            self.page.add(series, count)

    def ask_traefik(self, arm: str, status: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.traefik)) as to:
            to.request("GET", f"/{status}", headers={"Host": arm})
            assert to.getresponse().status == status

    def counts(self, proxy: str, *edges_ms: int) -> PrometheusRequestCounts:
        return PrometheusRequestCounts(
            PrometheusApi(self.url, timeout_seconds=60),
            lambda a, b: PROXIES[proxy](PLACE, a.name, b.name),
            CLOCK,
            edges_ms=edges_ms,
        )

    def read(self, proxy: str, *edges_ms: int) -> Scrape:
        stable, canary = ARMS.get(proxy, ("shop", "shop-canary"))
        source = self.counts(proxy, *edges_ms)
        return source.read(Arm(STABLE, stable), Arm(CANARY, canary), self.began)


@contextmanager
def traefik(folder: Path) -> Iterator[tuple[int, int]]:
    """The real one, before a service of each arm, named as its Gateway API does.

    Its port, and that of a page of its metrics on which the services are of the
    provider that they would be of.
    """
    program = shutil.which("traefik") or shutil.which(
        "traefik", path=sysconfig.get_path("scripts")
    )
    assert program is not None
    with ExitStack() as stack:
        service = stack.enter_context(serving(Answering))
        names = {"shop": f"{BACKEND}shop-0", "shop-canary": f"{BACKEND}shop-canary-1"}
        to = {"servers": [{"url": f"http://127.0.0.1:{service}"}]}
        routing = {
            "http": {
                "routers": {
                    arm: {"rule": f"Host(`{arm}`)", "service": name}
                    for arm, name in names.items()
                },
                "services": {name: {"loadBalancer": to} for name in names.values()},
            }
        }
        (folder / "routing.yml").write_text(json.dumps(routing))
        port, metrics = free_port(), free_port()
        process = subprocess.Popen(
            [
                program,
                f"--entryPoints.live.address=127.0.0.1:{port}",
                f"--entryPoints.traefik.address=127.0.0.1:{metrics}",
                "--api.insecure=true",
                "--metrics.prometheus=true",
                f"--providers.file.filename={folder / 'routing.yml'}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(process.wait)
        stack.callback(process.kill)

        class Renamed(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{metrics}/metrics"
                ) as it:
                    body = it.read().replace(b"@file", b"@kubernetesgateway")
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, format: str, *args: object) -> None:
                pass

        yield port, stack.enter_context(serving(Renamed))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("scraped")
    with exporter() as page, traefik(folder) as (port, metrics):
        found = World("", page, port, CLOCK.now())
        for proxy, (stable, _) in ARMS.items():
            found.serve(proxy, stable, "200", 100)  # before the rollout
        with prometheus(folder, page.target, f"127.0.0.1:{metrics}") as server:
            found.url = server.url
            await_until(lambda: has_stable(found, "nginx"), "the first scrape")
            found.began = CLOCK.now()
            yield found


def has_stable(world: World, proxy: str) -> bool:
    with suppress(PermanentError):
        return world.read(proxy).stable is not None
    return False


def read_until(world: World, proxy: str, canary: int, *edges_ms: int) -> Scrape:
    """What is read once so many requests of the canary were scraped."""
    found: list[Scrape] = []

    def is_there() -> bool:
        found.append(world.read(proxy, *edges_ms))
        return found[-1].canary.total == canary

    await_until(is_there, f"{canary} requests of the canary")
    return found[-1]


@pytest.mark.parametrize("proxy", ARMS)
def test_requests_are_counted_as_the_proxy_exports_them(
    world: World, proxy: str
) -> None:
    stable, canary = ARMS[proxy]
    before = world.read(proxy)
    # All at once, so that one scrape has it: the first of the canary's is not lost.
    world.serve(proxy, stable, "200", 40)
    world.serve(proxy, stable, "503", 2)
    world.serve(proxy, canary, "200", 7)
    world.serve(proxy, canary, "404", 1)
    world.serve(proxy, canary, "500", 3)
    after = read_until(world, proxy, 11, 250, 1000)

    assert (before.stable, before.canary) == (NO_REQUESTS, NO_REQUESTS)
    assert after.canary == RequestCounts(11, 3)
    assert after.stable == RequestCounts(42, 2)
    assert after.slower[0] == Slower(0, after.slower[0].stable, 11)
    assert after.slower[1].canary == 3  # one of each status
    assert after.slower[2].canary == 0
    assert after.at <= CLOCK.now() + timedelta(seconds=1)


def test_the_real_traefik_counts_what_it_served(world: World) -> None:
    for _ in range(3):
        world.ask_traefik("shop", 200)
    await_until(lambda: has_stable(world, "traefik"), "Traefik's first scrape")
    for status in (200, 404, 502, 503):
        world.ask_traefik("shop-canary", status)
    after = read_until(world, "traefik", 4, 300, 1200)

    assert after.canary == RequestCounts(4, 2)
    assert after.stable == RequestCounts(3, 0)
    assert [each.edge_ms for each in after.slower] == [0, 300, 1200]
    assert after.slower[0].canary == 4
