"""Watches of the Kubernetes API: what changed, from when on, until when.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

import http.client
import json
from collections.abc import Iterator

import pytest
from kube_api import Json
from kube_worlds import World, cluster_world


@pytest.fixture
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def seen(events: Iterator[Json], count: int) -> list[tuple[str, str]]:
    """The next *count* events: type and name."""
    found = []
    for _ in range(count):
        event = next(events)
        found.append((event["type"], event["object"]["metadata"].get("name", "")))
    return found


def test_a_watch_tells_what_happens_after_a_version(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
    path = world.path("secrets")
    start = world.secret("x").version
    events = world.client.watch(path, resourceVersion=start)
    world.secret("y")
    changed = world.client.merge(f"{path}/x", {"data": {"a": "Mg=="}})
    world.client.delete(f"{path}/y")
    added, modified, deleted = next(events), next(events), next(events)
    assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "y")
    assert modified == {"type": "MODIFIED", "object": changed.body}
    assert (deleted["type"], deleted["object"]["metadata"]["name"]) == ("DELETED", "y")
    versions = [
        int(each["object"]["metadata"]["resourceVersion"])
        for each in (added, modified, deleted)
    ]
    assert versions == sorted(set(versions)), "a deletion has a version of its own"


@pytest.mark.parametrize("version", [{}, {"resourceVersion": "0"}])
def test_a_watch_without_a_version_begins_with_what_is_there(
    world: World, version: dict[str, str]
) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch"""
    world.secret("x")
    path = world.path("secrets")
    only = {"fieldSelector": "metadata.name=x"}
    events = world.client.watch(path, **version, **only)
    assert seen(events, 1) == [("ADDED", "x")]
    world.client.delete(f"{path}/x")
    assert seen(events, 1) == [("DELETED", "x")]


def test_a_watch_ends_when_its_time_is_up(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
    start = world.secret("x").version
    path = world.path("secrets")
    found = list(world.client.watch(path, resourceVersion=start, timeoutSeconds=1))
    assert [each for each in found if each["type"] != "BOOKMARK"] == []


def test_what_no_longer_fits_a_selector_is_deleted_for_its_watch(world: World) -> None:
    """k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go, convertToWatchEvent."""
    path = world.path("secrets")
    start = world.secret("x").version
    events = world.client.watch(path, resourceVersion=start, labelSelector="a=b")
    for value in ("b", "c", "b"):
        world.client.merge(f"{path}/x", {"metadata": {"labels": {"a": value}}})
    world.client.merge(f"{path}/x", {"data": {"a": "Mg=="}})
    told = [("ADDED", "x"), ("DELETED", "x"), ("ADDED", "x"), ("MODIFIED", "x")]
    assert seen(events, 4) == told


def test_a_watch_is_of_its_namespace_and_its_kind(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris"""
    path = world.path("secrets")
    start = world.secret("x").version
    events = world.client.watch(path, resourceVersion=start)
    elsewhere = "/api/v1/namespaces/default/secrets"
    world.client.create(elsewhere, {"metadata": {"name": world.namespace}})
    world.client.delete(f"{elsewhere}/{world.namespace}")
    world.deployment("web")
    world.secret("z")
    assert seen(events, 1) == [("ADDED", "z")]


def test_a_dry_run_is_nothing_to_a_watch(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run"""
    path = world.path("secrets")
    start = world.secret("x").version
    events = world.client.watch(path, resourceVersion=start)
    world.client.merge(f"{path}/x", {"data": {"a": "Mg=="}}, dryRun="All")
    world.client.create(path, {"metadata": {"name": "y"}}, dryRun="All")
    world.client.delete(f"{path}/x", dryRun="All")
    world.secret("z")
    assert seen(events, 1) == [("ADDED", "z")]


def test_a_watch_that_is_too_old_gets_an_error_as_its_event(world: World) -> None:
    """k8s.io/apiserver/pkg/storage/cacher/cacher.go, Watch (newErrWatcher)."""
    cluster = world.cluster
    path = world.path("secrets")
    start = world.secret("x").version
    world.secret("y")
    cluster.state.store.compact()
    (error,) = world.client.watch(path, resourceVersion=start)
    assert error["type"] == "ERROR"
    told = error["object"]
    assert (told["kind"], told["code"], told["reason"]) == ("Status", 410, "Expired")
    assert told["message"].startswith(f"too old resource version: {start} (")


def test_a_watch_that_keeps_up_outlives_the_forgetting(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses"""
    cluster = world.cluster
    path = world.path("secrets")
    start = world.secret("x").version
    events = world.client.watch(path, resourceVersion=start)
    world.secret("y")
    assert seen(events, 1) == [("ADDED", "y")]
    cluster.state.store.compact()
    world.secret("z")
    assert seen(events, 1) == [("ADDED", "z")]


def test_bookmarks_tell_how_far_a_watch_has_come(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks"""
    world.cluster.state.bookmark_seconds = 0
    path = world.path("secrets")
    start = world.secret("x").version
    events = world.client.watch(path, resourceVersion=start, allowWatchBookmarks="true")
    later = world.deployment("web").version
    bookmark: Json = {}
    while bookmark.get("metadata", {}).get("resourceVersion") != later:
        event = next(events)
        assert event["type"] == "BOOKMARK"
        bookmark = event["object"]
    assert (bookmark["kind"], bookmark["apiVersion"]) == ("Secret", "v1")
    assert "name" not in bookmark["metadata"]


def test_a_watch_can_list_first_and_say_where_the_list_ends(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists"""
    world.cluster  # noqa: B018 - needs a newer etcd than Debian's in a real one
    world.secret("x")
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true"}
    path = world.path("secrets")
    reply = world.client.get(path, watch="true", **query)
    assert reply.status == 422
    assert "sendInitialEvents requires setting resourceVersionMatch" in reply.said[2]
    query["resourceVersionMatch"] = "NotOlderThan"
    events = world.client.watch(path, **query)
    assert seen(events, 1) == [("ADDED", "x")]
    end = next(events)
    assert end["type"] == "BOOKMARK"
    meta = end["object"]["metadata"]
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    world.secret("y")
    assert seen(events, 1) == [("ADDED", "y")]


def test_a_watch_can_be_ended_from_the_other_side(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
    cluster = world.cluster
    start = world.secret("x").version
    events = world.client.watch(world.path("secrets"), resourceVersion=start)
    world.secret("y")
    assert seen(events, 1) == [("ADDED", "y")]
    cluster.cut_connections()
    with pytest.raises((http.client.HTTPException, OSError)):
        next(events)
    assert world.client.get(world.path("secrets")).status == 200


def test_events_come_one_to_a_line(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/watch.go."""
    world.secret("x")
    reply = world.client.get(
        world.path("secrets"), watch="true", timeoutSeconds=1, resourceVersion="0"
    )
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["transfer-encoding"] == "chunked"
    lines = reply.text.splitlines()
    assert all(set(json.loads(line)) == {"type", "object"} for line in lines)
