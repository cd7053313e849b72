"""A hand in the cluster: does, without a network, what another client would do.

    kubelet = cluster.hand("kubelet")
    kubelet.set_status("Pod", "shop", "web-1", {"phase": "Running"})
    cluster.hand("kubectl-edit").merge("HTTPRoute", "shop", "shop", {"spec": ...})

All goes through the verbs, as an administrator: generations, managedFields, finalizers
and watches are as if it had come by HTTP.
"""

import json
from urllib.parse import urlencode

from kube_api.app import App
from kube_api.patches import APPLY_PATCH, MERGE_PATCH
from kube_api.problem import Problem
from kube_api.request import Request
from kube_api.resources import Resource
from kube_api.state import ADMINS
from kube_api.users import User
from kube_api.values import Json, copy_json, metadata_of


class Hand:
    """One client, known by its field manager."""

    def __init__(self, app: App, manager: str, user: User | None = None) -> None:
        self._app = app
        self._manager = manager
        self._user = user or User(manager, (ADMINS,))

    def create(self, found: Json, namespace: str = "") -> Json:
        """Create it, in its namespace or in *namespace*."""
        resource = self._of(found)
        where = namespace or metadata_of(found).get("namespace", "")
        return self._ask("POST", resource.path(where), found)

    def get(self, kind: str, namespace: str, name: str) -> Json | None:
        """It, or None; *namespace* ``""`` for what is in none."""
        try:
            return self._ask("GET", self._named(kind).path(namespace, name))
        except Problem as problem:
            if problem.code == 404:
                return None
            raise

    def list(self, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        """All of a kind, with their kind."""
        resource = self._named(kind)
        query = f"?{urlencode({'labelSelector': labels})}" if labels else ""
        listed = self._ask("GET", resource.path(namespace) + query)
        named = {"apiVersion": resource.api_version, "kind": resource.kind}
        return [{**named, **item} for item in listed["items"]]

    def replace(self, found: Json, subresource: str = "") -> Json:
        """PUT it: with its resourceVersion only if nobody wrote since."""
        meta = metadata_of(found)
        path = self._of(found).path(
            meta.get("namespace", ""), meta["name"], subresource
        )
        return self._ask("PUT", path, found)

    def merge(
        self, kind: str, namespace: str, name: str, change: Json, subresource: str = ""
    ) -> Json:
        """A merge patch."""
        path = self._named(kind).path(namespace, name, subresource)
        return self._ask("PATCH", path, change, MERGE_PATCH)

    def set_status(self, kind: str, namespace: str, name: str, status: Json) -> Json:
        """Replace the whole status."""
        found = self.get(kind, namespace, name)
        if found is None:
            raise LookupError(f"no {kind} {namespace}/{name}")
        new: Json = copy_json(found)
        new["status"] = status
        return self.replace(new, "status")

    def apply(self, found: Json, *, force: bool = False, subresource: str = "") -> Json:
        """Server-side apply."""
        meta = metadata_of(found)
        path = self._of(found).path(
            meta.get("namespace", ""), meta["name"], subresource
        )
        query = {"force": "true"} if force else {}
        return self._ask("PATCH", path, found, APPLY_PATCH, query)

    def delete(self, kind: str, namespace: str, name: str, **options: object) -> Json:
        """Delete it, by DeleteOptions like ``propagationPolicy="Orphan"``."""
        return self._ask("DELETE", self._named(kind).path(namespace, name), options)

    def _named(self, kind: str) -> Resource:
        return self._app.state.resources.named(kind)

    def _of(self, found: Json) -> Resource:
        version, kind = found["apiVersion"], found["kind"]
        resource = self._app.state.resources.of_kind(version, kind)
        if resource is None:
            raise LookupError(f"the cluster has no {kind} of {version}")
        return resource

    def _ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        media_type: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Json:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": media_type, "user-agent": self._manager}
        if method in ("POST", "PUT", "PATCH"):
            joined = urlencode({"fieldManager": self._manager, **(query or {})})
            path = f"{path}?{joined}"
        request = Request(method, path, headers, sent)
        answer = self._app.answer_as(self._user, request)
        return answer.body or {}
