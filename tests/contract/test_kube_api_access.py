"""Who may what: logins, roles, impersonation, and the questions about oneself.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from kube_api import Cluster, Json, State, serve
from kube_worlds import Client, Reply, World, client_of, cluster_world

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def allow(world: World, user: str, *rules: Json) -> None:
    """Let *user* do that in the namespace."""
    role = {"metadata": {"name": user}, "rules": list(rules)}
    made = world.client.create(world.path(f"roles.{RBAC}/v1"), role)
    assert made.status == 201, made.said
    binding = {
        "metadata": {"name": user},
        "subjects": [{"kind": "User", "apiGroup": RBAC, "name": user}],
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": user},
    }
    made = world.client.create(world.path(f"rolebindings.{RBAC}/v1"), binding)
    assert made.status == 201, made.said


def rule(verbs: str, resources: str, group: str = "", *names: str) -> Json:
    found = {
        "apiGroups": [group],
        "resources": resources.split(),
        "verbs": verbs.split(),
    }
    return {**found, "resourceNames": list(names)} if names else found


def test_what_no_rule_allows_is_forbidden_and_says_what_lacks(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go."""
    ann = world.client.as_user("ann")
    reply = ann.get(world.path("deployments.apps/v1", "web"))
    message = (
        'deployments.apps "web" is forbidden: User "ann" cannot get resource'
        ' "deployments" in API group "apps" in the namespace'
        f' "{world.namespace}"'
    )
    assert reply.said == (403, "Forbidden", message)
    details = {"name": "web", "group": "apps", "kind": "deployments"}
    assert reply.body["details"] == details
    reply = ann.get("/api/v1/nodes")
    message = (
        'nodes is forbidden: User "ann" cannot list resource "nodes" in API group ""'
        " at the cluster scope"
    )
    assert reply.said == (403, "Forbidden", message)
    assert ann.get("/metrics").said == (
        403,
        "Forbidden",
        'forbidden: User "ann" cannot get path "/metrics"',
    )
    status = world.path("deployments.apps/v1", "web", "status")
    assert 'cannot patch resource "deployments/status"' in ann.merge(status, {}).said[2]


def test_it_is_forbidden_before_it_is_looked_for(world: World) -> None:
    """k8s.io/apiserver/pkg/server/config.go, DefaultBuildHandlerChain."""
    ann = world.client.as_user("ann")
    assert ann.get("/apis/none.example/v1/namespaces/a/nones/b").status == 403
    assert ann.get(world.path("configmaps", "is-not-there")).status == 403


def test_a_role_allows_its_verbs_on_its_resources_in_its_namespace(
    world: World,
) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole"""
    world.config_map("x")
    allow(world, "ann", rule("get patch", "configmaps"))
    ann = world.client.as_user("ann")
    path = world.path("configmaps", "x")
    assert ann.get(path).status == 200
    assert ann.merge(path, {"data": {"a": "2"}}).status == 200
    assert ann.delete(path).status == 403
    assert ann.get(world.path("configmaps")).status == 403, "a list is another verb"
    assert ann.get(world.path("secrets", "x")).status == 403
    assert ann.get("/api/v1/namespaces/default/configmaps/x").status == 403
    assert world.client.as_user("bob").get(path).status == 403


def test_a_rule_can_be_of_names(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources"""
    for name in ("x", "y"):
        world.config_map(name)
    allow(world, "ann", rule("get list create", "configmaps", "", "x"))
    ann = world.client.as_user("ann")
    assert ann.get(world.path("configmaps", "x")).status == 200
    assert ann.get(world.path("configmaps", "y")).status == 403
    path = world.path("configmaps")
    assert ann.get(path).status == 403
    assert ann.get(path, fieldSelector="metadata.name=x").status == 200
    assert ann.create(path, {"metadata": {"name": "x"}}).status == 403


def test_a_subresource_is_a_resource_of_its_own(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources"""
    world.deployment("web")
    allow(world, "ann", rule("get patch", "deployments/scale", "apps"))
    allow(world, "bob", rule("get patch", "deployments", "apps"))
    path = world.path("deployments.apps/v1", "web")
    ann, bob = world.client.as_user("ann"), world.client.as_user("bob")
    scale = {"spec": {"replicas": 3}}
    assert ann.merge(f"{path}/scale", scale).status == 200
    assert ann.get(path).status == 403
    assert bob.get(path).status == 200
    assert bob.merge(f"{path}/scale", scale).status == 403


def test_an_apply_that_creates_needs_leave_to_create(world: World) -> None:
    """withAuthorization in k8s.io/apiserver/pkg/endpoints/handlers/update.go."""
    allow(world, "ann", rule("get patch update", "configmaps leases", "*"))
    allow(world, "bob", rule("patch create", "configmaps"))
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    path = world.path("configmaps", "x")
    ann, bob = world.client.as_user("ann"), world.client.as_user("bob")
    reply = ann.apply(path, body, fieldManager="m")
    assert reply.status == 403
    assert 'User "ann" cannot create resource "configmaps"' in reply.said[2]
    assert bob.apply(path, body, fieldManager="m").status == 201
    assert ann.apply(path, body, fieldManager="m").status == 200


def test_a_binding_can_be_of_a_group_or_of_a_service_account(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects"""
    world.config_map("x")
    role = {"metadata": {"name": "see"}, "rules": [rule("get", "configmaps")]}
    world.client.create(world.path(f"roles.{RBAC}/v1"), role)
    binding = {
        "metadata": {"name": "see"},
        "subjects": [
            {"kind": "Group", "apiGroup": RBAC, "name": "developers"},
            {"kind": "ServiceAccount", "name": "ci", "namespace": world.namespace},
        ],
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "see"},
    }
    made = world.client.create(world.path(f"rolebindings.{RBAC}/v1"), binding)
    assert made.status == 201, made.said
    path = world.path("configmaps", "x")
    assert world.client.as_user("ann", "developers").get(path).status == 200
    account = f"system:serviceaccount:{world.namespace}:ci"
    assert world.client.as_user(account).get(path).status == 200
    assert world.client.as_user("ann", "others").get(path).status == 403
    other = f"system:serviceaccount:{world.namespace}:other"
    assert world.client.as_user(other).get(path).status == 403


def test_a_role_that_is_not_there_allows_nothing(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/rbac/validation/rule.go."""
    binding = {
        "metadata": {"name": "b"},
        "subjects": [{"kind": "User", "apiGroup": RBAC, "name": "ann"}],
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "is-not-there"},
    }
    made = world.client.create(world.path(f"rolebindings.{RBAC}/v1"), binding)
    assert made.status == 201, made.said
    ann = world.client.as_user("ann")
    reply = ann.get(world.path("configmaps"))
    assert reply.status == 403
    assert 'User "ann" cannot list resource "configmaps"' in reply.said[2]


def review(client: Client, kind: str, spec: Json) -> Reply:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
    path = f"/apis/authorization.k8s.io/v1/{kind.lower()}s"
    return client.create(path, body)


def test_one_can_ask_whether_one_may(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access"""
    allow(world, "ann", rule("get", "deployments/scale", "apps"))
    ann = world.client.as_user("ann")

    def may(**asked: str) -> bool:
        spec = {"resourceAttributes": {"namespace": world.namespace, **asked}}
        reply = review(ann, "SelfSubjectAccessReview", spec)
        assert reply.status == 201, reply.said
        return bool(reply.body["status"]["allowed"])

    scale = {"group": "apps", "resource": "deployments", "subresource": "scale"}
    assert may(verb="get", **scale)
    assert not may(verb="patch", **scale)
    assert not may(verb="get", group="apps", resource="deployments")
    assert not may(verb="get", **{**scale, "namespace": "default"})
    spec = {"nonResourceAttributes": {"verb": "get", "path": "/version"}}
    assert review(ann, "SelfSubjectAccessReview", spec).body["status"]["allowed"]


def test_a_question_that_asks_nothing_is_refused(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/authorization/validation/validation.go."""
    reply = review(world.client, "SelfSubjectAccessReview", {})
    assert reply.said[:2] == (422, "Invalid")
    expected = "exactly one of nonResourceAttributes or resourceAttributes must be"
    assert expected in reply.said[2]


def test_one_can_ask_what_one_may(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/authorization/selfsubjectrulesreview/rest.go."""
    mine = rule("get patch", "httproutes", "gateway.networking.k8s.io")
    allow(world, "ann", mine)
    ann = world.client.as_user("ann")
    reply = review(ann, "SelfSubjectRulesReview", {"namespace": world.namespace})
    assert reply.status == 201, reply.said
    assert mine in reply.body["status"]["resourceRules"]
    assert reply.body["status"]["incomplete"] is False


def test_one_can_ask_who_one_is(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review"""
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    reply = world.client.as_user("ann", "developers").create(path, kind)
    told = reply.body["status"]["userInfo"]
    assert told["username"] == "ann"
    assert set(told["groups"]) == {"developers", "system:authenticated"}


def test_only_who_may_impersonate_does(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation"""
    cluster = world.cluster
    ann = client_of(cluster, str(cluster.login("ann").token))
    reply = ann.as_user("bob").get(world.path("configmaps"))
    message = (
        'users "bob" is forbidden: User "ann" cannot impersonate resource "users" in'
        ' API group "" at the cluster scope'
    )
    assert reply.said == (403, "Forbidden", message)
    root = cluster.hand("test")
    role = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "be-bob"},
        "rules": [rule("impersonate", "users", "", "bob")],
    }
    root.create(role)
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "be-bob"},
        "subjects": [{"kind": "User", "apiGroup": RBAC, "name": "ann"}],
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "be-bob"},
    }
    root.create(binding)
    assert 'User "bob" cannot list' in ann.as_user("bob").get("/api/v1/nodes").said[2]
    groups = ann.as_user("bob", "system:masters").get("/api/v1/nodes")
    assert 'cannot impersonate resource "groups"' in groups.said[2]


def test_groups_without_a_user_are_refused(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/filters/impersonation/impersonation.go."""
    client = world.client.with_headers(Impersonate_Group="developers")
    reply = client.get(world.path("configmaps"))
    assert reply.said[:2] == (400, "BadRequest")
    assert "without impersonating a user name" in reply.said[2]


def test_nobody_sees_little_and_a_wrong_token_nothing(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests"""
    nobody = Client(world.client.url, world.client.context, {})
    assert nobody.get("/version").status == 200
    reply = nobody.get("/api/v1/nodes")
    assert reply.status == 403
    assert 'User "system:anonymous" cannot list resource "nodes"' in reply.said[2]
    wrong = Client(
        world.client.url, world.client.context, {"Authorization": "Bearer x"}
    )
    for path in ("/version", "/api/v1/nodes"):
        assert wrong.get(path).said == (401, "Unauthorized", "Unauthorized")


class Clock:
    """Stands until it is told to go on."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


def test_a_token_is_over_when_its_time_is_up_or_it_is_revoked() -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/"""
    clock = Clock()
    with serve(State(now=clock)) as cluster:
        hour = str(cluster.login("ann", lasts=timedelta(hours=1)).token)
        revoked = str(cluster.login("ann").token)
        assert client_of(cluster, hour).get("/version").status == 200
        assert client_of(cluster, revoked).get("/version").status == 200
        clock.time += timedelta(hours=1)
        cluster.state.tokens.revoke(revoked)
        for token in (hour, revoked):
            reply = client_of(cluster, token).get("/version")
            assert reply.said == (401, "Unauthorized", "Unauthorized")


def test_a_token_can_end_at_once(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/"""
    cluster = world.cluster
    token = str(cluster.login("ann").token)
    assert client_of(cluster, token).get("/version").status == 200
    cluster.state.tokens.expire(token)
    assert client_of(cluster, token).get("/version").status == 401


def certified(cluster: Cluster, user: str, *groups: str) -> Client:
    """A client with a certificate of the cluster."""
    identity = cluster.certificate(user, groups).identity
    assert identity is not None
    client = client_of(cluster, "")
    assert client.context is not None
    folder = cluster.folder / user
    folder.mkdir()
    identity.save(folder)
    client.context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return client


def test_a_certificate_names_its_user_and_their_groups(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates"""
    cluster = world.cluster
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    ann = certified(cluster, "ann", "developers", "testers")
    told = ann.create(path, {}).body["status"]["userInfo"]
    assert told["username"] == "ann"
    assert set(told["groups"]) == {"developers", "testers", "system:authenticated"}
    root = certified(cluster, "root", "system:masters")
    assert root.get("/api/v1/nodes").status == 200
