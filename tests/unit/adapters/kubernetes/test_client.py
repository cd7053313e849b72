from collections.abc import Iterator
from pathlib import Path

import pytest
from kube_api import Cluster, State, serve
from kube_reached import Reach, annotate, deployment

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import (
    AbsentError,
    Claim,
    ContestedError,
    ForbiddenError,
    InvalidError,
    StaleError,
    TakenError,
    UnservedError,
)
from sluicegate.adapters.kubernetes.objects import (
    DEPLOYMENT,
    HTTP_ROUTE,
    SERVICE,
    Kind,
)
from sluicegate.adapters.kubernetes.values import by

IMAGE = ("spec", "template", "spec", "containers", by(name="app"), "image")
ROLE = "rbac.authorization.k8s.io/v1"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with serve(State(["shop", "other"]), tls=False) as cluster:
        yield cluster


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    return Reach(tmp_path)


@pytest.fixture
def api(cluster: Cluster, reach: Reach) -> Iterator[Api]:
    with reach.to(cluster) as api:
        yield api


def test_what_is_not_there_is_none_and_what_is_there_can_be_read(api: Api) -> None:
    assert api.get(DEPLOYMENT, "web") is None
    made = api.apply(DEPLOYMENT, "web", deployment())
    found = api.read(DEPLOYMENT, "web")
    assert found.resource_version == made.resource_version
    assert (found.name, found.namespace, found.text(*IMAGE)) == (
        *("web", "shop"),
        "shop:1",
    )
    assert [each.name for each in api.list(DEPLOYMENT)] == ["web"]
    assert api.list(DEPLOYMENT, labels={"app": "other"}) == ()


def test_reading_what_must_be_there_says_that_it_is_not(api: Api) -> None:
    with pytest.raises(AbsentError, match=r"^there is no Deployment web in shop$"):
        api.read(DEPLOYMENT, "web")


def test_a_kind_that_is_not_installed_is_told_from_an_object_that_is_not_there(
    api: Api,
) -> None:
    for kind in (
        Kind("acme.example", "v1", "Widget", "widgets"),
        Kind("apps", "v1beta7", "Deployment", "deployments"),
    ):
        with pytest.raises(UnservedError, match=f"does not serve {kind.name} of"):
            api.get(kind, "web")


def test_a_change_is_of_the_object_that_was_looked_at_alone(api: Api) -> None:
    seen = api.apply(DEPLOYMENT, "web", deployment())
    changed = api.patch(
        DEPLOYMENT, "web", annotate(a="1"), resource_version=seen.resource_version
    )
    assert changed.annotations == {"a": "1"}
    stale = seen.resource_version
    with pytest.raises(StaleError, match="nothing was changed"):
        api.patch(DEPLOYMENT, "web", annotate(a="2"), resource_version=stale)
    with pytest.raises(StaleError):
        api.apply(DEPLOYMENT, "web", deployment("shop:2"), resource_version=stale)
    status = {"status": {"replicas": 3}}
    with pytest.raises(StaleError):
        api.patch_status(DEPLOYMENT, "web", status, resource_version=stale)
    found = api.read(DEPLOYMENT, "web")
    assert found.resource_version == changed.resource_version


def test_the_status_is_changed_apart_from_the_rest(api: Api) -> None:
    seen = api.apply(DEPLOYMENT, "web", deployment())
    both = {"status": {"replicas": 3}, "spec": {"replicas": 7}}
    version = seen.resource_version
    found = api.patch_status(DEPLOYMENT, "web", both, resource_version=version)
    assert (found.integer("status", "replicas"), found.integer("spec", "replicas")) == (
        3,
        1,
    )


def test_what_is_made_twice_is_said_to_be_there(api: Api) -> None:
    api.create(DEPLOYMENT, "web", deployment())
    with pytest.raises(TakenError, match="a Deployment web in shop already"):
        api.create(DEPLOYMENT, "web", deployment())


def test_a_misspelt_field_is_an_error_and_not_dropped(api: Api) -> None:
    with pytest.raises(InvalidError, match=r"spec\.replica\b"):
        api.apply(DEPLOYMENT, "web", {"spec": {"replica": 2}})
    assert api.get(DEPLOYMENT, "web") is None


def test_a_namespace_that_is_not_there_is_named(cluster: Cluster, reach: Reach) -> None:
    path = cluster.kubeconfig(reach.folder / "kubeconfig")
    api = reach.open(path, namespace="nowhere")
    assert api.get(DEPLOYMENT, "web") is None
    with pytest.raises(AbsentError, match="no namespace nowhere"):
        api.create(DEPLOYMENT, "web", deployment())
    api.close()


def test_who_owns_a_field_that_we_want_is_named_and_keeps_it(
    cluster: Cluster, api: Api
) -> None:
    seen = cluster.hand("helm").create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            **deployment(),
        },
        "shop",
    )
    version = seen["metadata"]["resourceVersion"]
    wanted = {"spec": {"replicas": 5}}
    with pytest.raises(ContestedError, match=r"helm owns \.spec\.replicas") as caught:
        api.apply(DEPLOYMENT, "web", wanted, resource_version=version)
    assert caught.value.claims == (Claim("helm", ".spec.replicas"),)
    assert "take_over: [helm]" in (caught.value.hint or "")
    with pytest.raises(ContestedError):
        api.apply(
            DEPLOYMENT, "web", wanted, resource_version=version, take_over=["flux"]
        )
    assert api.read(DEPLOYMENT, "web").resource_version == version


def test_a_field_is_taken_over_from_whom_it_is_said_and_that_is_told(
    cluster: Cluster, api: Api, reach: Reach
) -> None:
    created = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        **deployment(),
    }
    seen = cluster.hand("helm").create(created, "shop")
    version = seen["metadata"]["resourceVersion"]
    wanted = {"spec": {"replicas": 5}}
    with pytest.raises(ContestedError):  # nothing was looked at, so nothing is taken
        api.apply(DEPLOYMENT, "web", wanted, take_over=["helm"])
    api.apply(
        *(DEPLOYMENT, "web", wanted),
        resource_version=version,
        take_over=["helm"],
        dry_run=True,
    )
    assert not reach.told
    found = api.apply(
        DEPLOYMENT, "web", wanted, resource_version=version, take_over=["helm"]
    )
    assert found.integer("spec", "replicas") == 5
    assert [each.name for each in found.managers_of("spec", "replicas")] == [
        "sluicegate"
    ]
    assert reach.told == [
        "took over of Deployment web in shop: .spec.replicas from helm"
    ]
    assert api.overridden() == tuple(reach.told)
    assert api.overridden() == ()


def test_what_we_patched_can_be_applied_by_us(api: Api, reach: Reach) -> None:
    seen = api.apply(DEPLOYMENT, "web", deployment())
    seen = api.patch(
        *(DEPLOYMENT, "web", {"spec": {"replicas": 2}}),
        resource_version=seen.resource_version,
    )
    found = api.apply(
        DEPLOYMENT,
        "web",
        deployment(replicas=3),
        resource_version=seen.resource_version,
    )
    assert found.integer("spec", "replicas") == 3
    assert not reach.told


def test_a_trial_changes_nothing(api: Api) -> None:
    tried = api.apply(DEPLOYMENT, "web", deployment(), dry_run=True)
    assert tried.text(*IMAGE) == "shop:1"
    assert api.get(DEPLOYMENT, "web") is None


def test_a_deletion_is_of_that_very_object(api: Api) -> None:
    first = api.create(DEPLOYMENT, "web", deployment())
    api.delete(DEPLOYMENT, "web", uid=first.uid)
    api.delete(DEPLOYMENT, "web", uid=first.uid)  # gone already
    second = api.create(DEPLOYMENT, "web", deployment())
    with pytest.raises(StaleError):
        api.delete(DEPLOYMENT, "web", uid=first.uid)
    version = second.resource_version
    api.patch(DEPLOYMENT, "web", annotate(a="1"), resource_version=version)
    with pytest.raises(StaleError):
        api.delete(DEPLOYMENT, "web", uid=second.uid, resource_version=version)
    assert api.read(DEPLOYMENT, "web").uid == second.uid


def test_a_verb_that_our_role_lacks_is_named_with_resource_and_namespace(
    cluster: Cluster, reach: Reach
) -> None:
    hand = cluster.hand("admin")
    hand.create(
        {
            "apiVersion": ROLE,
            "kind": "Role",
            "metadata": {"name": "reader"},
            "rules": [
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
            ],
        },
        "shop",
    )
    hand.create(
        {
            "apiVersion": ROLE,
            "kind": "RoleBinding",
            "metadata": {"name": "ann"},
            "subjects": [
                {"kind": "User", "name": "ann", "apiGroup": ROLE.partition("/")[0]}
            ],
            "roleRef": {
                "apiGroup": ROLE.partition("/")[0],
                "kind": "Role",
                "name": "reader",
            },
        },
        "shop",
    )
    with reach.to(cluster, cluster.login("ann")) as api:
        assert api.get(DEPLOYMENT, "web") is None
        assert api.allows("get", DEPLOYMENT)
        assert not api.allows("patch", DEPLOYMENT)
        assert not api.allows("get", DEPLOYMENT, subresource="status")
        assert api.reached().user == "ann"
        with pytest.raises(ForbiddenError) as caught:
            api.apply(HTTP_ROUTE, "web", {"spec": {}})
    assert (caught.value.verb, caught.value.resource) == (
        "patch",
        "httproutes.gateway.networking.k8s.io",
    )
    assert "we may not patch httproutes.gateway.networking.k8s.io in namespace" in str(
        caught.value
    )
    assert "sluice doctor --kubernetes" in (caught.value.hint or "")


def test_events_are_of_the_object_that_has_them_now_and_the_latest_is_last(
    cluster: Cluster, api: Api
) -> None:
    made = api.create(DEPLOYMENT, "web", deployment())
    for number, (uid, time, warns) in enumerate(
        [
            (made.uid, "2026-01-01T00:00:05Z", True),
            (made.uid, "2026-01-01T00:00:01Z", False),
            ("another", "2026-01-01T00:00:09Z", True),
        ]
    ):
        cluster.hand("kubelet").create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"web.{number}"},
                "involvedObject": {
                    "kind": "Deployment",
                    "name": "web",
                    "namespace": "shop",
                    "uid": uid,
                },
                "reason": f"Reason{number}",
                "message": "line\x1b[31m one\nline two",
                "type": "Warning" if warns else "Normal",
                "lastTimestamp": time,
                "count": 3,
            },
            "shop",
        )
    events = api.events_of(made)
    assert [(e.reason, e.is_warning, e.count) for e in events] == [
        ("Reason1", False, 3),
        ("Reason0", True, 3),
    ]
    assert events[0].message == "line [31m one line two"


def test_the_version_of_the_server_and_our_name_there_are_read(api: Api) -> None:
    reached = api.reached()
    assert reached.version.startswith("v1.")
    assert reached.user == "admin"
    assert "system:masters" in reached.groups


def test_a_value_of_another_type_than_its_schema_has_is_refused(api: Api) -> None:
    with pytest.raises(InvalidError, match="Service web in shop is not accepted"):
        api.create(SERVICE, "web", {"spec": {"ports": [{"port": 99999999}]}})
