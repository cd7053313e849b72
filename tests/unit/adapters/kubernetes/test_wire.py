import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fakes import FakeClock
from kube_api import Cluster, Problem, State, serve
from kube_reached import Reach, annotate, deployment
from scripted_server import Script, answer, scripted

from sluicegate.adapters.kubernetes import line
from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import (
    StaleError,
    TakenError,
    UnauthorizedError,
)
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, Obj
from sluicegate.adapters.kubernetes.patience import Patience
from sluicegate.errors import Interrupted, PermanentError, TransientError

LOCKED = Patience(attempt=5.0, first=10.0, later=60.0)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with serve(State(["shop"]), tls=False) as cluster:
        yield cluster


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reach(tmp_path: Path, clock: FakeClock) -> Reach:
    """Waits in fake time, as patiently as it usually is."""
    return Reach(tmp_path, clock=clock, patience=LOCKED)


@pytest.fixture
def api(cluster: Cluster, reach: Reach) -> Iterator[Api]:
    with reach.to(cluster) as api:
        yield api


def asked(cluster: Cluster, method: str) -> int:
    return sum(each.method == method for each in cluster.exchanges)


def change(api: Api, seen: Obj, text: str) -> Obj:
    version = seen.resource_version
    return api.patch(DEPLOYMENT, "web", annotate(a=text), resource_version=version)


def test_a_throttled_request_waits_as_long_as_it_is_asked_to(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    cluster.faults.throttle(7, times=2)
    assert api.get(DEPLOYMENT, "web") is None
    assert 14_000 <= clock.elapsed_ms < 30_000


@pytest.mark.parametrize("status", [500, 503])
def test_reads_and_conditional_changes_are_tried_again(
    status: int, cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    made = api.create(DEPLOYMENT, "web", deployment())
    cluster.faults.answer(status, "GET", times=2)
    cluster.faults.answer(status, "PATCH", times=2)
    cluster.faults.answer(status, "DELETE", times=2)
    assert api.get(DEPLOYMENT, "web") is not None
    assert change(api, made, "1").annotations == {"a": "1"}
    api.delete(DEPLOYMENT, "web", uid=made.uid)
    assert api.get(DEPLOYMENT, "web") is None
    assert clock.elapsed_ms > 0


def test_it_is_tried_again_for_a_minute_and_then_said_to_be_the_servers_fault(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    api.list(DEPLOYMENT)
    cluster.faults.answer(503, times=None)
    with pytest.raises(TransientError, match="answers HTTP 503 to get Deployment web"):
        api.get(DEPLOYMENT, "web")
    assert 40_000 < clock.elapsed_ms <= 60_000


def test_a_cluster_that_never_answered_well_is_given_up_sooner(
    reach: Reach, clock: FakeClock
) -> None:
    config = '{"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}], "contexts": [{"name": "test", "context": {"cluster": "c"}}]}'  # noqa: E501
    path = reach.folder / "kubeconfig"
    path.write_text(config)
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1 cannot be reached: Conn"):
        reach.open(path).get(DEPLOYMENT, "web")
    assert clock.elapsed_ms <= 10_000


def test_who_asks_for_more_patience_than_we_have_is_not_waited_for(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    cluster.faults.throttle(600)
    with pytest.raises(TransientError, match="answers HTTP 429"):
        api.get(DEPLOYMENT, "web")
    assert clock.elapsed_ms == 0
    assert asked(cluster, "GET") == 1


def test_retry_after_may_be_a_date(reach: Reach, clock: FakeClock) -> None:
    when = format_datetime(clock.now() + timedelta(seconds=9), usegmt=True)
    status = b'{"kind":"Status","apiVersion":"v1","reason":"NotFound","details":{"name":"web"}}'  # noqa: E501
    busy = answer(429, b"busy", f"Retry-After: {when}")
    with (
        scripted(busy, answer(404, status)) as server,
        reach.by(server.kubeconfig(reach.folder)) as api,
    ):
        assert api.get(DEPLOYMENT, "web") is None
    assert clock.elapsed_ms >= 8_000


@pytest.mark.parametrize("where", ["before", "within", "after"])
def test_a_change_whose_answer_is_lost_is_made_once(
    where: str, cluster: Cluster, api: Api
) -> None:
    made = api.create(DEPLOYMENT, "web", deployment())
    cluster.faults.cut(where, "PATCH")  # type: ignore[arg-type]
    if where == "before":
        assert change(api, made, "1").annotations == {"a": "1"}
    else:  # it was done: whoever repeats it finds another object than was looked at
        with pytest.raises(StaleError):
            change(api, made, "1")
    found = api.read(DEPLOYMENT, "web")
    assert found.annotations == {"a": "1"}
    assert asked(cluster, "PATCH") == 2


@pytest.mark.parametrize("where", ["before", "within", "after"])
def test_a_creation_whose_answer_is_lost_is_not_repeated_blindly(
    where: str, cluster: Cluster, api: Api
) -> None:
    api.list(DEPLOYMENT)
    cluster.faults.cut(where, "POST")  # type: ignore[arg-type]
    with pytest.raises(TransientError, match="was cut"):
        api.create(DEPLOYMENT, "web", deployment())
    assert asked(cluster, "POST") == 1
    if where == "before":
        assert api.get(DEPLOYMENT, "web") is None
    else:
        with pytest.raises(TakenError):
            api.create(DEPLOYMENT, "web", deployment())


def test_a_deletion_whose_answer_is_lost_is_done(cluster: Cluster, api: Api) -> None:
    made = api.create(DEPLOYMENT, "web", deployment())
    cluster.faults.cut("after", "DELETE")
    api.delete(DEPLOYMENT, "web", uid=made.uid)
    assert api.get(DEPLOYMENT, "web") is None


def test_a_creation_that_is_throttled_was_not_done_and_is_repeated(
    cluster: Cluster, api: Api
) -> None:
    cluster.faults.throttle(1, "POST")
    cluster.faults.answer(503, "POST", skip=1)
    assert api.create(DEPLOYMENT, "web", deployment()).name == "web"
    made = api.read(DEPLOYMENT, "web")
    api.delete(DEPLOYMENT, "web", uid=made.uid)
    with pytest.raises(TransientError, match="HTTP 503"):
        api.create(DEPLOYMENT, "web", deployment())


def test_an_answer_that_ends_in_its_middle_is_no_answer(
    cluster: Cluster, api: Api
) -> None:
    api.create(DEPLOYMENT, "web", deployment())
    cluster.faults.spoil("GET")
    with pytest.raises(PermanentError, match="is not of Kubernetes"):
        api.get(DEPLOYMENT, "web")


def test_a_server_that_is_slow_is_waited_for_within_a_bound(
    cluster: Cluster, tmp_path: Path
) -> None:
    with Reach(tmp_path).to(cluster) as api:
        cluster.faults.slow(0.05)
        assert api.get(DEPLOYMENT, "web") is None
    hasty = Patience(attempt=0.25, first=0.2, later=0.2, step=0.01, longest=0.02)
    with Reach(tmp_path, patience=hasty).to(cluster) as api:
        cluster.faults.slow(30.0, times=None)
        with pytest.raises(TransientError, match=r"no answer of 127\.0\.0\.1:\d+ in t"):
            api.get(DEPLOYMENT, "web")
        cluster.faults.ended.set()


def test_a_request_to_stop_ends_the_wait_for_an_answer(
    cluster: Cluster, tmp_path: Path
) -> None:
    reach = Reach(tmp_path)
    with reach.to(cluster) as api:
        cluster.faults.slow(30.0)
        threading.Timer(0.2, reach.stop.set).start()
        with pytest.raises(Interrupted):
            api.get(DEPLOYMENT, "web")
        cluster.faults.ended.set()


def test_what_is_to_be_given_back_is_sent_though_the_process_was_asked_to_stop(
    cluster: Cluster, tmp_path: Path
) -> None:
    reach = Reach(tmp_path)
    with reach.to(cluster) as api:
        reach.stop.set()
        with pytest.raises(Interrupted):
            api.get(DEPLOYMENT, "web")
        with api.finishing():
            assert api.get(DEPLOYMENT, "web") is None
        cluster.faults.answer(503, times=2)
        with api.finishing(), pytest.raises(TransientError):
            api.get(DEPLOYMENT, "web")
        assert cluster.faults.left == 1  # each is sent once


def test_a_login_that_is_refused_is_renewed_once(
    cluster: Cluster, reach: Reach
) -> None:
    token = reach.folder / "token"
    path = cluster.kubeconfig(reach.folder / "kubeconfig")
    named = path.read_text().replace(
        '"token": "admin-token"', f'"tokenFile": "{token}"'
    )
    path.write_text(named)
    old, new = (cluster.state.tokens.issue("a", ("system:masters",)) for _ in "ab")
    token.write_text(old)
    api = reach.open(path)
    made = api.create(DEPLOYMENT, "web", deployment())
    cluster.state.tokens.expire(old)
    cluster.faults.interfere(lambda: token.write_text(new), "PATCH")
    assert change(api, made, "1").annotations == {"a": "1"}
    assert [e.status for e in cluster.exchanges if e.method == "PATCH"] == [401, 200]
    cluster.state.tokens.expire(new)
    with pytest.raises(UnauthorizedError, match="context test does not know who we ar"):
        api.get(DEPLOYMENT, "web")
    api.close()


def test_a_redirect_is_not_followed(reach: Reach) -> None:
    away = answer(302, b"", "Location: http://127.0.0.1:1/login")
    with (
        scripted(away) as server,
        reach.by(server.kubeconfig(reach.folder)) as api,
        pytest.raises(PermanentError, match=r"sends us elsewhere \(HTTP 302\)"),
    ):
        api.get(DEPLOYMENT, "web")


@pytest.mark.parametrize(
    "body",
    [
        *(b"<html>Log in</html>", b"", b"[]", b'"text"', b"null", b"[" * 100_000),
        *(b"{}", b'{"kind":"Pod","metadata":{"name":"web","resourceVersion":"1"}}'),
    ],
)
def test_what_is_not_of_kubernetes_is_not_taken_for_it(
    body: bytes, reach: Reach
) -> None:
    with (
        scripted(answer(200, body)) as server,
        reach.by(server.kubeconfig(reach.folder)) as api,
        pytest.raises(PermanentError),
    ):
        api.get(DEPLOYMENT, "web")


def test_a_page_of_a_gateway_is_shown_in_one_harmless_line(reach: Reach) -> None:
    page = b"<html>\x1b[2Jno\r\n backend" + b"x" * 10_000
    with (
        scripted(answer(404, page)) as server,
        reach.by(server.kubeconfig(reach.folder)) as api,
        pytest.raises(PermanentError) as caught,
    ):
        api.get(DEPLOYMENT, "web")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_an_answer_without_an_end_is_given_up(
    reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_MAX_BYTES", 1 << 20)

    def pour(script: Script) -> None:
        script.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:  # until nobody listens any more
            script.send(b" " * 65536)

    with (
        scripted(pour) as server,
        reach.by(server.kubeconfig(reach.folder)) as api,
        pytest.raises(PermanentError, match="longer than 1 MiB"),
    ):
        api.get(DEPLOYMENT, "web")


def test_a_login_is_not_sent_unencrypted_to_another_machine(reach: Reach) -> None:
    path = reach.folder / "kubeconfig"
    path.write_text(
        '{"clusters": [{"name": "c", "cluster": {"server": "http://10.255.0.1"}}],'
        ' "users": [{"name": "u", "user": {"token": "a-secret-token"}}],'
        ' "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}]}'
    )
    with pytest.raises(PermanentError, match="not reached by https") as caught:
        reach.open(path).get(DEPLOYMENT, "web")
    assert "a-secret-token" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_whom_we_act_as_goes_with_every_request(cluster: Cluster, reach: Reach) -> None:
    path = cluster.kubeconfig(reach.folder / "kubeconfig")
    text = path.read_text().replace(
        '"token": "admin-token"',
        '"token": "admin-token", "as": "bob", "as-groups": ["system:masters", "web"],'
        ' "as-user-extra": {"acme.example/team": ["shop"]}',
    )
    path.write_text(text)
    api = reach.open(path)
    reached = api.reached()
    assert reached.user == "bob"
    assert {"system:masters", "web"} <= set(reached.groups)
    api.close()


def test_a_problem_of_our_own_is_not_tried_again(cluster: Cluster, api: Api) -> None:
    cluster.faults.fail(Problem(418, "", "a teapot"), times=None)
    with pytest.raises(PermanentError, match=r"answers HTTP 418 .*: a teapot"):
        api.get(DEPLOYMENT, "web")
    assert asked(cluster, "GET") == 1
