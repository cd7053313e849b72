"""The proxy of the Docker target: what happens to it, and what it does not survive."""

import http.client
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from docker_service import (
    ENVIRONMENT,
    DockerEnvironment,
    Service,
    docker_environment,
    open_target,
)
from prometheus_service import await_until

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.targets.docker_traefik import (
    DockerTarget,
    remove_environment,
)
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Release
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts

pytestmark = pytest.mark.docker


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[DockerEnvironment]:
    with docker_environment(tmp_path) as made, made.target.lease():
        yield made


@pytest.fixture
def stable(environment: DockerEnvironment) -> Release:
    made = environment.build(Service("v1"))
    assert environment.target.deploy(made, timeout_seconds=30) is None
    environment.target.set_weight(made, 100)
    return made


def test_a_proxy_that_was_restarted_goes_on_and_counts_from_zero(
    environment: DockerEnvironment, stable: Release
) -> None:
    assert [environment.get() for _ in range(5)] == ["v1"] * 5
    assert environment.target.scrape(stable, stable).stable.total == 5
    environment.proxy().restart()
    environment.target.set_weight(stable, 100)
    assert environment.target.scrape(stable, stable).stable == NO_REQUESTS
    assert environment.get() == "v1"


def test_slow_requests_are_counted_by_the_edges_that_the_proxy_was_started_with(
    environment: DockerEnvironment, stable: Release
) -> None:
    def edges(target: DockerTarget) -> dict[int, int]:
        seen = target.scrape(stable, stable).slower
        return {each.edge_ms: each.stable for each in seen}

    assert environment.get("/slow") == "v1"  # after 300 ms
    await_until(lambda: edges(environment.target)[0] == 1, "it to be timed")
    seen = edges(environment.target)
    assert list(seen) == [0, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]
    assert [seen[edge] for edge in (5, 100, 250)] == [1, 1, 1]
    assert seen[10_000] == 0

    # Other edges are not worth a request: whoever wants them removes the proxy.
    before = environment.proxy().id
    other = open_target(
        environment.project,
        environment.publish,
        environment.state_dir,
        SystemClock(threading.Event()),
        latency_edges=[timedelta(milliseconds=100), timedelta(seconds=2)],
    )
    other.set_weight(stable, 100)
    assert environment.proxy().id == before
    assert edges(other) == seen

    environment.proxy().remove(force=True)
    other.set_weight(stable, 100)
    assert environment.get("/slow") == "v1"
    await_until(lambda: edges(other) == {0: 1, 100: 1, 2000: 0}, "the new edges")


def test_a_proxy_that_was_stopped_is_started_again(
    environment: DockerEnvironment, stable: Release
) -> None:
    environment.proxy().stop()
    environment.target.set_weight(stable, 100)
    assert environment.get() == "v1"


def test_the_proxy_may_do_no_more_than_it_needs(
    environment: DockerEnvironment, stable: Release
) -> None:
    assert environment.target.weight(stable) == 100
    host = environment.proxy().attrs["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert host["ReadonlyRootfs"] is True
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert [bind.rpartition(":")[2] for bind in host["Binds"]] == ["ro"]
    published = environment.proxy().ports.values()
    addresses = {each["HostIp"] for ports in published for each in ports or ()}
    assert addresses == {"127.0.0.1"}


def test_a_release_that_never_answers_is_given_up_and_counted(
    environment: DockerEnvironment,
) -> None:
    target = open_target(
        environment.project,
        environment.publish,
        environment.state_dir,
        SystemClock(threading.Event()),
        answer_timeout=timedelta(seconds=2),
    )
    deaf = environment.build(Service("deaf", hang=1))
    assert target.deploy(deaf, timeout_seconds=30) is None
    target.set_weight(deaf, 100)
    patient = http.client.HTTPConnection("127.0.0.1", environment.publish, timeout=60)
    patient.request("GET", "/")
    assert patient.getresponse().status == 504
    patient.close()
    assert target.scrape(deaf, deaf).canary == RequestCounts(1, 1)


def test_a_response_that_breaks_off_after_its_head_is_counted_nowhere(
    environment: DockerEnvironment, stable: Release
) -> None:
    """A gap that docs/canary.md admits; once Traefik closes it, so should the page."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", environment.publish, timeout=30
    )
    connection.request("GET", "/halting")
    reply = connection.getresponse()  # the head is here, the body 2 s away
    environment.container(stable).kill()
    with pytest.raises(http.client.IncompleteRead):
        reply.read()
    connection.close()
    environment.get()  # 502, and counted after the one that broke off
    assert environment.target.scrape(stable, stable).stable == RequestCounts(1, 1)


def test_a_request_under_way_is_answered_whole_by_a_release_that_is_drained(
    environment: DockerEnvironment, stable: Release
) -> None:
    target = open_target(
        environment.project,
        environment.publish,
        environment.state_dir,
        SystemClock(threading.Event()),
        drain=timedelta(seconds=3),
    )
    new = environment.build(Service("v2"))
    assert target.deploy(new, timeout_seconds=30) is None
    connection = http.client.HTTPConnection(
        "127.0.0.1", environment.publish, timeout=30
    )
    connection.request("GET", "/halting")
    reply = connection.getresponse()  # the head is here, the body 2 s away
    target.set_weight(new, 100)
    target.retire(stable)
    assert reply.read() == b"v1\n"
    assert environment.containers() == {"proxy": "running", "v2": "running"}
    connection.close()


def test_a_port_that_is_taken_names_the_setting_to_change(tmp_path: Path) -> None:
    with docker_environment(tmp_path) as environment, socket.socket() as taken:
        taken.bind(("127.0.0.1", environment.publish))
        taken.listen()
        with (
            environment.target.lease(),
            pytest.raises(PermanentError) as caught,
        ):
            environment.target.deploy(
                environment.build(Service("v1")), timeout_seconds=5
            )
    assert "publish" in str(caught.value.hint)


def test_a_proxy_without_its_routing_file_is_not_taken_for_an_empty_environment(
    environment: DockerEnvironment, stable: Release
) -> None:
    assert environment.target.stable() == stable
    shutil.rmtree(environment.state_dir / "proxy")
    with pytest.raises(PermanentError, match="routing file is not"):
        environment.target.stable()


def test_a_stable_release_whose_container_is_gone_is_no_stable_release(
    environment: DockerEnvironment, stable: Release
) -> None:
    environment.container(stable).remove(force=True)
    assert environment.target.stable() is None
    again = environment.build(Service("v2"))
    assert environment.target.deploy(again, timeout_seconds=30) is None
    environment.target.set_weight(again, 100)
    assert environment.get() == "v2"


def test_a_release_that_serves_is_restarted_by_the_engine(
    environment: DockerEnvironment, stable: Release
) -> None:
    policy = environment.container(stable).attrs["HostConfig"]["RestartPolicy"]
    assert policy["Name"] == "unless-stopped"


def test_removing_an_environment_leaves_nothing(
    environment: DockerEnvironment, stable: Release
) -> None:
    assert environment.target.stable() == stable
    for _ in range(2):
        remove_environment(environment.project, ENVIRONMENT, environment.state_dir)
        assert environment.containers() == {}
        assert environment.networks() == []
        assert environment.target.stable() is None
