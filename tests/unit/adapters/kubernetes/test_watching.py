import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kube_api import Cluster, Problem, State, serve
from kube_reached import Reach, annotate, deployment, meanwhile

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import UnservedError
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, Kind, Obj
from sluicegate.errors import Interrupted

LONG = 30.0  # seconds; what is awaited comes at once, or the test fails by that


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    state = State(["shop"], bookmark_seconds=0.2)
    with serve(state, tls=False) as cluster:
        yield cluster


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    return Reach(tmp_path)


@pytest.fixture
def api(cluster: Cluster, reach: Reach) -> Iterator[Api]:
    with reach.to(cluster) as api:
        yield api


class Seen:
    """What a watch told: the annotation ``n`` of each state, ``-`` for no object."""

    def __init__(self, last: str) -> None:
        self.last = last
        self.states: list[str] = []
        self.changed = threading.Condition()

    def __call__(self, obj: Obj | None) -> bool | None:
        with self.changed:
            state = "-" if obj is None else obj.annotations.get("n", "?")
            self.states.append(state)
            self.changed.notify_all()
        return True if self.states[-1] == self.last else None

    def wait(self, state: str) -> None:
        """Until *state* was told."""
        with self.changed:
            assert self.changed.wait_for(lambda: state in self.states, LONG)


def number(cluster: Cluster, *numbers: int) -> None:
    """Change the Deployment ``web``, once for each of *numbers*."""
    for each in numbers:
        cluster.hand("ann").merge("Deployment", "shop", "web", annotate(n=str(each)))


def watch(api: Api, seen: Seen) -> bool | None:
    return api.await_until(DEPLOYMENT, "web", seen, timeout_seconds=LONG)


def make(api: Api) -> Obj:
    made = api.create(DEPLOYMENT, "web", deployment())
    return api.patch(
        DEPLOYMENT, "web", annotate(n="0"), resource_version=made.resource_version
    )


def test_what_is_so_already_is_told_without_a_watch(cluster: Cluster, api: Api) -> None:
    make(api)
    assert watch(api, Seen("0"))
    assert not [each for each in cluster.exchanges if "watch=" in each.target]


def test_each_state_is_told_once_and_in_order(cluster: Cluster, api: Api) -> None:
    make(api)
    seen = Seen("5")

    def change() -> None:
        seen.wait("0")
        number(cluster, 1, 2, 3, 4, 5)

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("what", ["cut", "half", "end", "expire"])
def test_a_watch_that_ends_in_any_way_goes_on_and_tells_no_state_twice(
    what: str, cluster: Cluster, api: Api
) -> None:
    make(api)
    seen = Seen("6")
    # The first watch ends after two events, the next one after one more, and so on.
    for after in (2, 1, 1):
        cluster.faults.watch(what, "/deployments", after=after)  # type: ignore[arg-type]

    def change() -> None:
        seen.wait("0")
        for each in range(1, 7):
            number(cluster, each)
            seen.wait(str(each))

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states == [str(each) for each in range(7)]
    assert cluster.faults.left == 0


def test_a_watch_that_was_cut_tells_all_that_came_in_between(
    cluster: Cluster, api: Api
) -> None:
    make(api)
    seen = Seen("5")
    cluster.faults.watch("cut", "/deployments", after=1)

    def change() -> None:
        seen.wait("0")
        number(cluster, 1, 2, 3, 4, 5)

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("times", [1, 3])
def test_a_version_that_the_server_has_forgotten_is_looked_up_anew(
    times: int, cluster: Cluster, api: Api
) -> None:
    make(api)
    cluster.faults.expire("GET", "watch=", times=times)
    seen = Seen("2")

    def change() -> None:
        seen.wait("0")
        number(cluster, 1, 2)

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states[-1] == "2"
    assert sorted(set(seen.states)) == seen.states  # in order, and none twice
    lists = [e for e in cluster.exchanges if "metadata.name" in e.target]
    assert sum("watch=" not in each.target for each in lists) > 1


def test_what_happened_while_the_server_was_away_is_seen(
    cluster: Cluster, api: Api
) -> None:
    make(api)
    seen = Seen("3")

    def change() -> None:
        seen.wait("0")
        cluster.faults.answer(503, "GET", times=3)
        cluster.cut_connections()
        number(cluster, 1, 2, 3)

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states[-1] == "3"
    assert sorted(set(seen.states)) == seen.states


def test_an_object_that_goes_and_comes_is_told_as_such(
    cluster: Cluster, api: Api
) -> None:
    made = make(api)
    seen = Seen("7")

    def change() -> None:
        seen.wait("0")
        api.delete(DEPLOYMENT, "web", uid=made.uid)
        seen.wait("-")
        api.create(DEPLOYMENT, "web", deployment())
        seen.wait("?")
        number(cluster, 7)

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states == ["0", "-", "?", "7"]


def test_what_does_not_come_in_time_is_none(api: Api) -> None:
    seen = Seen("never")
    found = api.await_until(DEPLOYMENT, "web", seen, timeout_seconds=0.1)
    assert found is None
    assert seen.states == ["-"]


def test_a_watch_that_hangs_misses_nothing_that_lasts(
    cluster: Cluster, api: Api
) -> None:
    make(api)
    cluster.faults.watch("stall", "/deployments", times=None)
    seen = Seen("1")

    def change() -> None:
        seen.wait("0")
        number(cluster, 1)

    with meanwhile(change):
        found = api.await_until(DEPLOYMENT, "web", seen, timeout_seconds=0.6)
    assert found
    assert seen.states == ["0", "1"]


def test_a_request_to_stop_ends_a_silent_watch(
    cluster: Cluster, api: Api, reach: Reach
) -> None:
    make(api)
    cluster.faults.watch("stall", "/deployments")
    seen = Seen("never")

    def stop() -> None:
        seen.wait("0")
        reach.stop.set()

    with meanwhile(stop), pytest.raises(Interrupted):
        watch(api, seen)


def test_who_may_not_watch_looks_every_now_and_then(
    cluster: Cluster, reach: Reach
) -> None:
    group = "rbac.authorization.k8s.io"
    hand = cluster.hand("admin")
    kind = {"apiVersion": f"{group}/v1", "metadata": {"name": "reader"}}
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    ann = {"kind": "User", "name": "ann", "apiGroup": group}
    role = {"apiGroup": group, "kind": "Role", "name": "reader"}
    hand.create({**kind, "kind": "Role", "rules": [rule]}, "shop")
    bound = {**kind, "kind": "RoleBinding", "subjects": [ann], "roleRef": role}
    hand.create(bound, "shop")
    with reach.to(cluster) as api:
        make(api)
    seen = Seen("1")

    def change() -> None:
        seen.wait("0")
        number(cluster, 1)

    with reach.to(cluster, cluster.login("ann")) as api, meanwhile(change):
        assert watch(api, seen)
    assert seen.states == ["0", "1"]


def test_a_login_that_ends_during_a_watch_is_renewed(
    cluster: Cluster, reach: Reach
) -> None:
    with reach.to(cluster) as api:
        make(api)
    path = cluster.kubeconfig(reach.folder / "kubeconfig")
    first, second = (cluster.state.tokens.issue("a", ("system:masters",)) for _ in "ab")
    token = reach.folder / "token"
    token.write_text(first)
    path.write_text(
        path.read_text().replace('"token": "admin-token"', f'"tokenFile": "{token}"')
    )
    seen = Seen("2")
    cluster.faults.watch("end", "/deployments", after=1)

    def change() -> None:
        seen.wait("0")
        renewed = token.with_suffix(".new")
        renewed.write_text(second)
        renewed.replace(token)  # whole at any time, as a pod's token is renewed
        cluster.state.tokens.revoke(first)
        number(cluster, 1)
        seen.wait("1")
        number(cluster, 2)

    with closing(reach.open(path)) as api, meanwhile(change):
        assert watch(api, seen)
    assert seen.states == ["0", "1", "2"]


def test_a_kind_that_is_not_served_is_not_awaited(api: Api) -> None:
    kind = Kind("acme.example", "v1", "Widget", "widgets")
    with pytest.raises(UnservedError):
        api.await_until(kind, "web", lambda _: True, timeout_seconds=LONG)


def test_what_the_question_raises_goes_through(api: Api) -> None:
    make(api)

    def fail(_: Obj | None) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        api.await_until(DEPLOYMENT, "web", fail, timeout_seconds=LONG)


def test_an_error_within_a_watch_is_no_end_of_it(cluster: Cluster, api: Api) -> None:
    make(api)
    seen = Seen("1")
    cluster.faults.fail(Problem(500, "InternalError", "etcd"), "GET", "watch=", times=2)

    def change() -> None:
        seen.wait("0")
        number(cluster, 1)

    with meanwhile(change):
        assert watch(api, seen)
    assert seen.states == ["0", "1"]
