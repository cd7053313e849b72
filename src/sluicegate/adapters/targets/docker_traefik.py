"""A target on a host's Docker engine: containers behind Traefik.

An environment is a network, a proxy, and a container for each release. Who serves is
written in the proxy's routing file, and nowhere else; every change of it is confirmed
by what Traefik's API shows.

Order, so that no request is lost: a release is healthy before it gets weight; it has no
weight, and Traefik has loaded that, before it is drained; it is drained before it is
stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from docker.errors import NotFound
from typing_extensions import override

from sluicegate.adapters.targets.docker_engine import Place, connect, engine_errors
from sluicegate.adapters.targets.docker_image import (
    Pull,
    carry_image,
    provide_image,
    refuse_pull,
)
from sluicegate.adapters.targets.docker_release import ReleaseContainers
from sluicegate.adapters.targets.host import Host, LocalHost
from sluicegate.adapters.targets.state_directory import StateDirectory
from sluicegate.adapters.targets.traefik_config import (
    Leaf,
    Routing,
    is_loaded,
    live_service,
    probe_host,
)
from sluicegate.adapters.targets.traefik_latency import parse_slower
from sluicegate.adapters.targets.traefik_metrics import parse_counts
from sluicegate.adapters.targets.traefik_proxy import (
    ANSWER_TIMEOUT,
    EDGES_MS,
    Options,
    Proxy,
)
from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.clock import Clock
from sluicegate.ports.target import LeasableTarget

_ALL = 100  # percent
_HEALTHY_IN_A_ROW = 3
_PROBE_SECONDS = 0.2
_LOAD_MS = 10_000
_LOAD_SECONDS = 0.05


class DockerTarget(LeasableTarget):
    """One environment of one project on the Docker engine of *host*, by default here.

    Reaches the engine when it is made; use it inside `lease`, which lets go of it and
    of the host. ``state_dir`` is a folder of that host.

    Raises:
        ExternalError: no engine answers, or it is not that host's own.
    """

    def __init__(  # noqa: PLR0913 - the settings of an environment, by name
        self,
        *,
        environment: str,
        project: str,
        port: int,
        publish: int,
        bind: str,
        health: str,
        drain: timedelta,
        env: Mapping[str, str],
        state_dir: Path,
        clock: Clock,
        latency_edges: Sequence[timedelta] = (),
        answer_timeout: timedelta = ANSWER_TIMEOUT,
        pull: Pull = refuse_pull,
        cookie: str | None = None,
        host: Host | None = None,
    ) -> None:
        self._pull, self._cookie = pull, cookie
        self._host = LocalHost() if host is None else host
        self._place = Place(project, environment)
        self._port, self._health, self._drain = port, health, drain
        self._clock = clock
        try:
            self._client = self._host.connect()
        except BaseException:
            self._host.close()
            raise
        self._state = StateDirectory(state_dir, self._host.files(state_dir))
        self._releases = ReleaseContainers(self._client, self._place, port, env)
        self._proxy = Proxy(
            self._client,
            self._place,
            self._state.proxy,
            clock,
            options=Options(
                [edge // timedelta(milliseconds=1) for edge in latency_edges]
                or EDGES_MS,
                answer_timeout,
            ),
            bind=bind,
            publish=publish,
            host=self._host,
        )

    @override
    @contextmanager
    def lease(self) -> Iterator[Self]:
        """Keep other rollouts of this environment out, and let go of the engine after.

        Raises:
            TransientError: another process is conducting a rollout here.
        """
        try:
            with self._state.lease(self._place.environment):
                yield self
        finally:
            self._client.close()
            self._host.close()

    @override
    def raise_fence(self, log: str, number: int) -> None:
        """Change the environment by the lease of entry *number*; refuse lower ones.

        Raises:
            PermanentError: a later lease is here already.
        """
        self._state.raise_fence(log, number)

    @override
    def stable(self) -> Release | None:
        routing = self._state.load()
        if routing is None and self._proxy.exists():
            raise PermanentError(
                f"{self._place.environment} has a proxy, but its routing file is not "
                f"in {self._state.proxy}",
                hint="release as the user who released before, or remove the "
                f"containers of {self._place.name} and release again",
            )
        if routing is None or routing.stable is None:
            return None
        # Somebody removed the container: nothing serves, so nothing is stable.
        release = routing.stable.release
        return release if self._releases.exists(release) else None

    @override
    def weight(self, release: Release) -> int:
        return self._routing().weight(release)

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        routing = self._routing()
        if routing.is_stable(release):
            return self._releases.fault(release)
        # A canary that an earlier rollout left behind loses its traffic here.
        leaf = Leaf(release, self._releases.host(release), self._port)
        self._route(replace(routing, canary=leaf, percent=0))
        self._evict()
        fault = None
        if not self._releases.exists(release):
            fault = self._provide(release)
        fault = fault or self._releases.start(release, self._place.name)
        fault = fault or self._await_healthy(release, timeout_seconds)
        if fault is None:
            self._releases.keep(release)
        return fault

    @override
    def fault(self, release: Release) -> str | None:
        # Looked at all through a rollout: so a proxy that was killed is soon back.
        self._proxy.mend()
        return self._releases.fault(release)

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        given = self._routing().weight(canary)
        if given in {percent, before}:
            return None
        return f"the routing file gives {canary.name} {given} %, not {percent} %"

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        if not 0 <= percent <= _ALL:
            raise UsageError(f"a weight is 0 to 100 %, got {percent}")
        routing = self._routing()
        if routing.is_stable(canary) and percent < _ALL:
            raise PermanentError(f"{canary.name} is the stable release")
        if percent > 0 and not self._releases.is_running(canary):
            fault = self._releases.fault(canary)
            raise PermanentError(f"{canary.name} cannot take traffic: {fault}")
        if percent and percent < _ALL and routing.stable is None:
            raise PermanentError("there is no stable release to share traffic with")
        leaf = self._leaf(routing, canary)
        if percent == _ALL:
            self._route(replace(routing, stable=leaf, canary=None, percent=0))
        else:
            self._route(replace(routing, canary=leaf, percent=percent))
        if routing.is_stable(canary):  # not a promotion: nobody will retire the rest
            self._evict()

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        del after  # the proxy itself is asked, which has served all that it counts
        services = (live_service(stable), live_service(canary))
        page = self._proxy.get("/metrics")
        counts = parse_counts(page, services)
        slower = parse_slower(page, *services)
        return Scrape(self._clock.now(), counts[0], counts[1], slower)

    @override
    def retire(self, release: Release) -> None:
        routing = self._routing()
        weight = routing.weight(release)
        if weight > 0:
            raise PermanentError(f"{release.name} holds {weight} % of traffic")
        canary = routing.canary
        if canary is not None and canary.release.image == release.image:
            canary = None
        self._route(replace(routing, canary=canary))
        self._drain_and_remove(self._releases.host(release))

    @override
    def overridden(self) -> tuple[str, ...]:
        return ()  # who else writes where it keeps its state is not known

    def _provide(self, release: Release) -> str | None:
        if not self._host.is_here and release.reference is None:
            carry_image(self._client, release)
        return provide_image(self._client, release, self._pull)

    def _routing(self) -> Routing:
        """Who serves, and by the cookie that is wanted now."""
        return replace(self._state.load() or Routing(), cookie=self._cookie)

    def _leaf(self, routing: Routing, release: Release) -> Leaf:
        for leaf in routing.leaves():
            if leaf.release.image == release.image:
                return leaf
        return Leaf(release, self._releases.host(release), self._port)

    def _route(self, routing: Routing) -> None:
        """Have Traefik serve *routing*, and see that it does.

        The file comes first: the proxy mounts its folder, and reads it as it starts.
        """
        if self._state.load() != routing:  # each reload starts the schedule anew
            self._state.save(routing)
        self._ensure_network()
        self._proxy.ensure()
        end = self._clock.monotonic_ms() + _LOAD_MS
        while not is_loaded(routing, self._proxy.get("/api/http/services")):
            if self._clock.monotonic_ms() >= end:
                raise TransientError(
                    f"the proxy has not loaded the new weights within {_LOAD_MS} ms",
                    hint=f"see `docker logs {self._place.name}-proxy`",
                )
            self._clock.sleep(_LOAD_SECONDS)

    def _ensure_network(self) -> None:
        with engine_errors("make the network"):
            try:
                self._client.networks.get(self._place.name)
            except NotFound:
                self._client.networks.create(
                    self._place.name,
                    driver="bridge",
                    labels=self._place.labels("network"),
                )

    def _await_healthy(self, release: Release, timeout_seconds: float) -> str | None:
        end = self._clock.monotonic_ms() + 1000 * timeout_seconds
        in_a_row = 0
        while True:
            fault = self._releases.fault(release)
            if fault is not None:
                return fault
            answer = self._probe(release)
            in_a_row = in_a_row + 1 if answer is None else 0
            if in_a_row == _HEALTHY_IN_A_ROW:
                return None
            if self._clock.monotonic_ms() >= end:
                lines = self._releases.last_lines(release) or "none"
                why = answer or "it answers, but not for long enough"
                return (
                    f"not healthy within {timeout_seconds:g} s: {why}; "
                    f"its last output: {lines}"
                )
            self._clock.sleep(_PROBE_SECONDS)

    def _probe(self, release: Release) -> str | None:
        where = f"GET {self._health} on port {self._port}"
        try:
            status = self._proxy.probe(probe_host(release), self._health)
        except TransientError as error:
            return f"{where} gets no answer ({error})"
        return None if 200 <= status < 300 else f"{where} gets status {status}"  # noqa: PLR2004 - HTTP

    def _evict(self) -> None:
        """Remove what no longer has a place in the routing."""
        known = tuple(leaf.release for leaf in self._routing().leaves())
        for name in self._releases.strangers(known):
            self._drain_and_remove(name)

    def _drain_and_remove(self, name: str) -> None:
        if self._releases.is_there(name):
            self._clock.sleep(self._drain.total_seconds())
            self._releases.remove(name)


def remove_environment(project: str, environment: str, state_dir: Path) -> None:
    """Remove everything of an environment: containers, network, routing file.

    Traffic is cut off at once. The images stay.

    Raises:
        ExternalError: the engine failed; call again.
    """
    place = Place(project, environment)
    client = connect()
    try:
        with engine_errors(f"remove {environment}"):
            for container in client.containers.list(
                all=True, filters=place.filters(), ignore_removed=True
            ):
                container.remove(v=True, force=True)
            for network in client.networks.list(filters=place.filters()):
                network.remove()
    finally:
        client.close()
    StateDirectory(state_dir).forget()
