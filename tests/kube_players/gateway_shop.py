"""The objects of a service behind a Gateway, as its users would apply them."""

from kube_players.cluster import Cluster, Document
from kube_players.gateway_controller import CONTROLLER

GATEWAYS = "/apis/gateway.networking.k8s.io/v1"


def namespace(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def gateway_class(name: str) -> Document:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": CONTROLLER},
    }


def gateway(name: str, of: str, port: int) -> Document:
    listener = {"name": "web", "protocol": "HTTP", "port": port}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name},
        "spec": {"gatewayClassName": of, "listeners": [listener]},
    }


def service(name: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "selector": {"app": name},
            "ports": [{"port": 80, "targetPort": 8000, "protocol": "TCP"}],
        },
    }


def deployment(name: str, image: str, replicas: int, linger: int = 5) -> Document:
    """One whose pods go on for *linger* seconds after they were taken out."""
    container = {
        "name": "service",
        "image": image,
        "ports": [{"containerPort": 8000}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8000}},
        "lifecycle": {"preStop": {"sleep": {"seconds": linger}}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [container],
                    "terminationGracePeriodSeconds": linger + 10,
                },
            },
        },
    }


def http_route(name: str, to: str, backends: dict[str, int]) -> Document:
    """A route of everything at the Gateway *to*, split by weights."""
    refs = [
        {"name": each, "port": 80, "weight": weight}
        for each, weight in backends.items()
    ]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": to}], "rules": [{"backendRefs": refs}]},
    }


def path_of(document: Document, where: str) -> str:
    """The path of a document's object, in the namespace *where* if it has one."""
    version, kind = document["apiVersion"], document["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = "" if kind in ("Namespace", "GatewayClass") else f"/namespaces/{where}"
    plural = f"{kind.lower()}{'es' if kind.endswith('s') else 's'}"
    return f"{root}{inside}/{plural}/{document['metadata']['name']}"


def put(cluster: Cluster, where: str, *documents: Document) -> None:
    """Apply *documents* as their users do, in the namespace *where*."""
    for each in documents:
        cluster.apply(path_of(each, where), each, "kubectl")
