from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from fakes import FakeClock
from kube_api import Cluster, State, serve
from kube_reached import Reach

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import ForbiddenError
from sluicegate.adapters.kubernetes.lease import TERM_SECONDS, hold_lease
from sluicegate.adapters.kubernetes.objects import LEASE, Obj
from sluicegate.errors import Interrupted, PermanentError, TransientError
from sluicegate.ports.clock import Clock

NAME = "sluicegate-web"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with serve(State(["shop"]), tls=False) as cluster:
        yield cluster


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reach(tmp_path: Path, clock: FakeClock) -> Reach:
    return Reach(tmp_path, clock=clock)


@pytest.fixture
def api(cluster: Cluster, reach: Reach) -> Iterator[Api]:
    with reach.to(cluster) as api:
        yield api


def holder(api: Api) -> str:
    return api.read(LEASE, NAME).text("spec", "holderIdentity") or ""


def left_behind(cluster: Cluster, who: str = "other/1/x", seconds: int = 30) -> None:
    """A lease of somebody who crashed; by their clock it ends in a hundred years."""
    spec = {
        "holderIdentity": who,
        "leaseDurationSeconds": seconds,
        "renewTime": "2126-01-01T00:00:00.000000Z",
        "leaseTransitions": 4,
    }
    kind = {"apiVersion": LEASE.api_version, "kind": "Lease"}
    made = {**kind, "metadata": {"name": NAME}, "spec": spec}
    cluster.hand("other").create(made, "shop")


def renew(cluster: Cluster) -> None:
    """The other holder is still at work."""
    spec = {"renewTime": "2126-01-01T00:00:08.000000Z"}
    cluster.hand("other").merge("Lease", "shop", NAME, {"spec": spec})


def try_to_hold(
    api: Api, clock: Clock, tell: Callable[[str], None] = lambda _: None
) -> None:
    """Hold it, where it should not be had."""
    with hold_lease(api, NAME, clock, holder="here/2/y", tell=tell):
        pytest.fail("two have it")


def test_a_lease_is_held_and_given_back(api: Api, clock: FakeClock) -> None:
    with hold_lease(api, NAME, clock, holder="here/2/y") as lease:
        found = api.read(LEASE, NAME)
        assert found.text("spec", "holderIdentity") == "here/2/y"
        assert found.integer("spec", "leaseDurationSeconds") == TERM_SECONDS
        assert found.time("spec", "renewTime") == clock.now()
        lease.check()
    assert holder(api) == ""
    with hold_lease(api, NAME, clock, holder="here/3/z"):
        assert holder(api) == "here/3/z"
    assert clock.elapsed_ms == 0  # nobody had to wait


def test_who_is_at_work_keeps_the_lease_and_is_named(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    left_behind(cluster, "runner-7/99/abc")
    told: list[str] = []
    cluster.faults.interfere(lambda: renew(cluster), "GET", "leases", skip=2)
    with pytest.raises(TransientError) as caught:
        try_to_hold(api, clock, told.append)
    assert "runner-7/99/abc is conducting a rollout there" in str(caught.value)
    assert "at 00:00:08 UTC" in str(caught.value)
    assert holder(api) == "runner-7/99/abc"
    assert clock.elapsed_ms < 1000 * TERM_SECONDS
    (line,) = told
    assert line.startswith(
        f"runner-7/99/abc holds the lease {NAME}: waiting up to 30 s"
    )


def test_who_has_crashed_loses_the_lease_whatever_their_clock_said(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    left_behind(cluster)
    with hold_lease(api, NAME, clock, holder="here/2/y"):
        assert holder(api) == "here/2/y"
        assert api.read(LEASE, NAME).integer("spec", "leaseTransitions") == 5
    assert TERM_SECONDS <= clock.elapsed_ms / 1000 < TERM_SECONDS + 5


def test_a_lease_that_claims_to_last_for_ever_is_not_believed(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    left_behind(cluster, seconds=10**6)
    with hold_lease(api, NAME, clock, holder="here/2/y"):
        assert clock.elapsed_ms <= 130_000


def test_of_two_who_take_it_at_once_one_has_it(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    cluster.faults.interfere(lambda: left_behind(cluster), "POST", "leases")
    cluster.faults.interfere(lambda: renew(cluster), "GET", "leases", skip=2)
    with pytest.raises(TransientError, match="other/1/x is conducting"):
        try_to_hold(api, clock)


def test_a_lease_that_somebody_else_took_is_noticed_before_a_change(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    with hold_lease(api, NAME, clock, holder="here/2/y") as lease:
        taken = {"spec": {"holderIdentity": "other/1/x"}}
        cluster.hand("other").merge("Lease", "shop", NAME, taken)
        clock.sleep(TERM_SECONDS)  # this machine slept
        with pytest.raises(PermanentError, match="is over: other/1/x took it"):
            lease.check()
    assert holder(api) == "other/1/x"  # and is not given back in their place


def test_a_lease_that_nobody_took_goes_on_after_a_long_sleep(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    with hold_lease(api, NAME, clock, holder="here/2/y") as lease:
        cluster.hand("ann").merge(
            "Lease", "shop", NAME, {"metadata": {"labels": {"a": "b"}}}
        )
        clock.sleep(10 * TERM_SECONDS)
        lease.check()
        assert api.read(LEASE, NAME).time("spec", "renewTime") == clock.now()


def test_a_lease_that_was_deleted_is_over(api: Api, clock: FakeClock) -> None:
    with hold_lease(api, NAME, clock, holder="here/2/y") as lease:
        api.delete(LEASE, NAME, uid=api.read(LEASE, NAME).uid)
        clock.sleep(TERM_SECONDS)
        with pytest.raises(PermanentError, match="is over: somebody took it"):
            lease.check()
    assert api.get(LEASE, NAME) is None


def test_a_lease_is_renewed_while_nobody_asks(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sluicegate.adapters.kubernetes.lease._RENEW_SECONDS", 0.02)
    reach = Reach(tmp_path)
    cluster.faults.answer(500, "PATCH", "leases", times=2)
    seen: list[datetime] = []

    def is_renewed_twice(found: Obj | None) -> bool | None:
        assert found is not None
        renewed = found.time("spec", "renewTime")
        assert renewed is not None
        seen.append(renewed)
        return len(seen) > 2 or None

    with reach.to(cluster) as api:
        with hold_lease(api, NAME, reach.around.clock, holder="here/2/y"):
            assert api.await_until(LEASE, NAME, is_renewed_twice, timeout_seconds=30)
        assert holder(api) == ""
    assert seen == sorted(set(seen))


def hold_and_stop(api: Api, reach: Reach) -> None:
    with hold_lease(api, NAME, reach.around.clock, holder="here/2/y"):
        reach.stop.set()
        api.get(LEASE, NAME)


def test_a_lease_is_given_back_by_who_was_asked_to_stop(
    cluster: Cluster, tmp_path: Path
) -> None:
    reach = Reach(tmp_path)
    with reach.to(cluster) as api, pytest.raises(Interrupted):
        hold_and_stop(api, reach)
    with Reach(tmp_path).to(cluster) as api:
        assert holder(api) == ""


def test_a_cluster_that_is_gone_keeps_nobody_from_ending(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    with hold_lease(api, NAME, clock, holder="here/2/y"):
        cluster.faults.answer(503, times=None)
    cluster.faults.clear()
    assert holder(api) == "here/2/y"  # it ends by itself


def test_a_role_without_leases_is_told_so(cluster: Cluster, reach: Reach) -> None:
    says = r"may not get leases\.coordination\.k8s\.io in namespace shop"
    with (
        reach.to(cluster, cluster.login("ann")) as api,
        pytest.raises(ForbiddenError, match=says),
    ):
        try_to_hold(api, FakeClock())


def test_a_lease_that_was_taken_by_a_lost_answer_is_held(
    cluster: Cluster, api: Api, clock: FakeClock
) -> None:
    cluster.faults.cut("after", "POST", "leases")
    with hold_lease(api, NAME, clock, holder="here/2/y") as lease:
        assert holder(api) == "here/2/y"
        lease.check()
    assert clock.elapsed_ms < 1000 * TERM_SECONDS
