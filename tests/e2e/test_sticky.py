"""Sessions that stay with their release, on a real engine and a real proxy."""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest
from docker_service import DockerEnvironment, Service, docker_environment
from load import constant_load

from sluicegate.model.rollout import Release

pytestmark = pytest.mark.docker

CLIENTS = 40
COOKIE = "shop"


@dataclass
class Client:
    """Somebody with a browser. ``cookie`` is the last that came."""

    publish: int
    cookie: Morsel[str] | None = None

    def ask(self) -> tuple[int, str]:
        """Status, and the name of the release."""
        connection = http.client.HTTPConnection("127.0.0.1", self.publish, timeout=10)
        kept = "" if self.cookie is None else f"{self.cookie.key}={self.cookie.value}"
        connection.request("GET", "/", headers={"Cookie": kept})
        reply = connection.getresponse()
        for morsel in SimpleCookie(reply.getheader("Set-Cookie", "")).values():
            self.cookie = morsel
        answer = reply.status, reply.read().decode().strip()
        connection.close()
        return answer


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[DockerEnvironment]:
    with docker_environment(tmp_path, COOKIE) as made, made.target.lease():
        yield made


@pytest.fixture
def canary(environment: DockerEnvironment) -> Release:
    target = environment.target
    stable, canary = environment.build(Service("v1")), environment.build(Service("v2"))
    assert target.deploy(stable, timeout_seconds=30) is None
    target.set_weight(stable, 100)
    assert target.deploy(canary, timeout_seconds=30) is None
    return canary


def crowd(environment: DockerEnvironment) -> list[tuple[Client, str]]:
    """New clients, and the release that each of them met first."""
    clients = [Client(environment.publish) for _ in range(CLIENTS)]
    return [(client, client.ask()[1]) for client in clients]


def test_a_session_stays_with_its_release_until_one_of_them_has_all_the_traffic(
    environment: DockerEnvironment, canary: Release
) -> None:
    before = Client(environment.publish)
    assert before.ask() == (200, "v1")
    assert before.cookie is None
    environment.target.set_weight(canary, 25)
    met = crowd(environment)
    assert [name for _, name in met].count("v2") == CLIENTS // 4
    for percent in (50, 5, 90):
        environment.target.set_weight(canary, percent)
        assert [client.ask() for client, _ in met] == [(200, name) for _, name in met]
    for client, _ in met:
        assert client.cookie is not None
        assert client.cookie.key == f"{COOKIE}_{canary.image.short}"
        assert client.cookie["httponly"]
        assert client.cookie["samesite"].lower() == "lax"
        assert client.cookie["path"] == "/"
    environment.target.set_weight(canary, 100)
    assert {client.ask() for client, _ in met} == {(200, "v2")}


def test_a_rollback_evicts_the_sessions_of_the_canary_and_loses_no_request(
    environment: DockerEnvironment, canary: Release
) -> None:
    names = frozenset({"v1", "v2"})
    environment.target.set_weight(canary, 50)
    met = crowd(environment)
    assert {name for _, name in met} == names
    with constant_load(environment.publish, names, keep_alive=6) as load:
        while load.answers["v2", 200] < 100:
            environment.target.fault(canary)
        environment.target.set_weight(canary, 0)
        assert {client.ask() for client, _ in met} == {(200, "v1")}
        environment.target.retire(canary)
    assert {client.ask() for client, _ in met} == {(200, "v1")}
    assert load.failures == {}
    assert {status for _, status in load.answers} == {200}
