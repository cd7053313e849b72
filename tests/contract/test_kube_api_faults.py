"""What can be made to go wrong between a client and the stand-in.

Each test says which trouble of a real cluster it is.
"""

import http.client
import json
import ssl
import time
from collections.abc import Iterator

import pytest
from kube_api import Json
from kube_worlds import World, cluster_world

CUT = (http.client.HTTPException, OSError)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with cluster_world() as found:
        yield found


def test_a_server_that_has_too_much_to_do_says_when_to_come_back(world: World) -> None:
    """https://kubernetes.io/docs/concepts/cluster-administration/flow-control/"""
    world.cluster.faults.throttle(7, "GET", "/configmaps", times=2)
    path = world.path("configmaps")
    for _ in range(2):
        reply = world.client.get(path)
        assert reply.said[:2] == (429, "TooManyRequests")
        assert reply.headers["retry-after"] == "7"
        assert reply.body["details"] == {"retryAfterSeconds": 7}
    assert world.client.get(path).status == 200
    assert world.cluster.faults.left == 0
    assert len(world.cluster.faults.happened) == 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, "InternalError"),
        (502, ""),
        (503, "ServiceUnavailable"),
        (504, "Timeout"),
    ],
)
def test_a_server_can_fail(world: World, status: int, reason: str) -> None:
    """k8s.io/apimachinery/pkg/api/errors/errors.go."""
    world.cluster.faults.answer(status, "GET")
    reply = world.client.get(world.path("configmaps"))
    assert reply.said[:2] == (status, reason)
    assert reply.body["kind"] == "Status"


def test_a_fault_is_of_the_requests_that_it_names(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris"""
    faults = world.cluster.faults
    world.config_map("x")
    faults.answer(503, "PATCH", "/configmaps/x", skip=1)
    path = world.path("configmaps", "x")
    patch = {"data": {"a": "2"}}
    assert world.client.get(path).status == 200
    assert world.client.merge(path, patch).status == 200, "the first is let through"
    assert world.client.merge(path, patch).status == 503
    faults.answer(503, times=None)
    assert world.client.get(path).status == 503
    faults.clear()
    assert world.client.get(path).status == 200


def test_an_answer_can_be_late(world: World) -> None:
    """https://kubernetes.io/docs/concepts/cluster-administration/flow-control/"""
    world.cluster.faults.slow(0.2, "GET")
    before = time.monotonic()
    assert world.client.get(world.path("configmaps")).status == 200
    assert time.monotonic() - before >= 0.2


@pytest.mark.parametrize(
    ("where", "then"), [("before", 404), ("within", 200), ("after", 200)]
)
def test_a_connection_can_be_cut_before_or_after_it_was_done(
    world: World, where: str, then: int
) -> None:
    """k8s.io/apimachinery/pkg/util/net/http.go, IsProbableEOF."""
    assert where in ("before", "within", "after")
    world.cluster.faults.cut(where, "POST")  # type: ignore[arg-type]
    body = {"metadata": {"name": "x"}}
    with pytest.raises(CUT):
        world.client.create(world.path("configmaps"), body)
    assert world.client.get(world.path("configmaps", "x")).status == then


def test_half_a_json_can_look_like_all_of_it(world: World) -> None:
    """RFC 9110, section 8.6: a proxy may set the length of what it sends on."""
    world.config_map("x")
    world.cluster.faults.spoil("GET")
    with pytest.raises(json.JSONDecodeError):
        world.client.get(world.path("configmaps", "x"))


def test_someone_else_can_write_between_a_read_and_a_write(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"""
    other = world.cluster.hand("kubectl-edit")
    read = world.config_map("x").body
    path = world.path("configmaps", "x")
    change = {"data": {"b": "theirs"}}
    world.cluster.faults.interfere(
        lambda: other.merge("ConfigMap", world.namespace, "x", change), "PUT"
    )
    late = world.client.put(path, {**read, "data": {"a": "mine"}})
    assert late.said[:2] == (409, "Conflict")
    found = world.client.get(path)
    assert found.body["data"] == {"a": "1", "b": "theirs"}
    managers = {each["manager"] for each in found.meta["managedFields"]}
    assert managers == {"test", "kubectl-edit"}


def test_trouble_can_be_with_several_methods_and_never_with_none(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#api-verbs"""
    world.cluster.faults.answer(503, "PUT|PATCH", times=2)
    read = world.config_map("x").body
    path = world.path("configmaps", "x")
    assert world.client.get(path).status == 200
    assert world.client.merge(path, {"data": {"a": "2"}}).status == 503
    assert world.client.put(path, read).status == 503
    assert world.client.put(path, read).status == 200
    with pytest.raises(ValueError, match="would fit no request"):
        world.cluster.faults.answer(503, "PUT,PATCH")


def test_someone_else_can_delete_it(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-deletion"""
    other = world.cluster.hand("kubectl-delete")
    world.config_map("x")
    world.cluster.faults.interfere(
        lambda: other.delete("ConfigMap", world.namespace, "x"), "PATCH"
    )
    reply = world.client.merge(world.path("configmaps", "x"), {"data": {"a": "2"}})
    assert reply.said == (404, "NotFound", 'configmaps "x" not found')


def test_a_login_can_end_in_the_middle(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/"""
    world.cluster.faults.unauthorized("PATCH")
    world.config_map("x")
    path = world.path("configmaps", "x")
    reply = world.client.merge(path, {"data": {"a": "2"}})
    assert reply.said == (401, "Unauthorized", "Unauthorized")
    assert world.client.merge(path, {"data": {"a": "2"}}).status == 200


def test_a_watch_can_be_too_old_by_its_status(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses"""
    world.cluster.faults.expire("GET", "watch=")
    start = world.config_map("x").version
    query = {"watch": "true", "resourceVersion": start, "timeoutSeconds": "1"}
    reply = world.client.get(world.path("configmaps"), **query)
    assert reply.said[:2] == (410, "Expired")


def started(world: World) -> Iterator[Json]:
    """A watch, with two events to come."""
    start = world.config_map("w").version
    for name in ("x", "y"):
        world.config_map(name)
    return world.client.watch(world.path("configmaps"), resourceVersion=start)


def test_a_watch_can_become_too_old(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses"""
    world.cluster.faults.watch("expire", after=1)
    added, error = started(world)
    assert added["object"]["metadata"]["name"] == "x"
    assert (error["type"], error["object"]["code"]) == ("ERROR", 410)


@pytest.mark.parametrize(("what", "after"), [("cut", 0), ("cut", 1), ("half", 1)])
def test_a_watch_can_be_cut(world: World, what: str, after: int) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
    assert what in ("cut", "half")
    world.cluster.faults.watch(what, after=after)  # type: ignore[arg-type]
    events = started(world)
    for _ in range(after):
        assert next(events)["type"] == "ADDED"
    with pytest.raises(CUT):
        next(events)
    assert world.client.get(world.path("configmaps")).status == 200


def test_a_watch_can_end_as_if_its_time_were_up(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
    world.cluster.faults.watch("end", after=1)
    assert len(list(started(world))) == 1


def test_a_watch_can_fall_silent(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
    world.cluster.faults.watch("stall", after=1)
    events = started(world)
    assert next(events)["type"] == "ADDED"
    world.cluster.faults.ended.set()  # nobody waits for an hour
    with pytest.raises(CUT):
        next(events)


def test_a_server_that_one_does_not_know_is_not_trusted(world: World) -> None:
    """https://kubernetes.io/docs/tasks/administer-cluster/certificates/"""
    place = world.cluster.url.removeprefix("https://")
    connection = http.client.HTTPSConnection(place, timeout=5)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/version")
    connection.close()
