"""Somebody in a cluster that is reached over HTTP: a real one, for instance."""

import threading
from urllib.parse import urlencode

from kube_api import kinds
from kube_api.resources import Resources
from kube_players.cluster import Cluster
from kube_players.documents import Document

_MERGE = "application/merge-patch+json"
_KINDS = Resources()
_KINDS.add(kinds.ALL)


class HttpHand:
    """One client of *cluster*, known by its field manager: a `documents.Hand`."""

    def __init__(self, cluster: Cluster, manager: str) -> None:
        self._cluster, self._manager = cluster, manager
        self._lock = threading.Lock()  # it has one connection

    def create(self, found: Document, namespace: str = "") -> Document:
        path = _KINDS.named(found["kind"]).path(namespace)
        return self._ask("POST", path, found)

    def get(self, kind: str, namespace: str, name: str) -> Document | None:
        with self._lock:
            return self._cluster.find(_KINDS.named(kind).path(namespace, name))

    def list(self, kind: str, namespace: str = "", labels: str = "") -> list[Document]:
        resource = _KINDS.named(kind)
        query = f"?{urlencode({'labelSelector': labels})}" if labels else ""
        named = {"apiVersion": resource.api_version, "kind": resource.kind}
        with self._lock:
            found = self._cluster.all(resource.path(namespace) + query)
        return [{**named, **each} for each in found]

    def merge(
        self,
        kind: str,
        namespace: str,
        name: str,
        change: Document,
        subresource: str = "",
    ) -> Document:
        path = _KINDS.named(kind).path(namespace, name, subresource)
        return self._ask("PATCH", path, change, _MERGE)

    def set_status(
        self, kind: str, namespace: str, name: str, status: Document
    ) -> Document:
        path = _KINDS.named(kind).path(namespace, name)
        with self._lock:
            found = self._cluster.ask("GET", path)
        return self._ask("PUT", f"{path}/status", {**found, "status": status})

    def delete(
        self, kind: str, namespace: str, name: str, **options: object
    ) -> Document:
        path = _KINDS.named(kind).path(namespace, name)
        body = {"gracePeriodSeconds": 0, **options}
        with self._lock:
            return self._cluster.ask("DELETE", path, body)

    def _ask(
        self,
        method: str,
        path: str,
        body: Document,
        content_type: str = "application/json",
    ) -> Document:
        query = f"?fieldManager={self._manager}"
        with self._lock:
            return self._cluster.ask(method, path + query, body, content_type)
