"""A Kubernetes API to ask: the stand-in, or the cluster that KUBECONFIG leads to.

What a test finds in both is true of the real one; tests of what the stand-in alone can
do (faults, expired tokens, compaction) ask for `World.cluster`.
"""

import base64
import http.client
import json
import os
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import pytest
import yaml
from kube_api import ADMIN_TOKEN, Cluster, Json, State, serve

_SECONDS = 30.0
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Reply:
    """What came back; names of headers in lower case."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    text: str = ""

    @property
    def meta(self) -> Json:
        return cast("Json", self.body["metadata"])

    @property
    def version(self) -> str:
        return str(self.meta["resourceVersion"])

    @property
    def said(self) -> tuple[int, str, str]:
        """Of a failure: code, reason and message."""
        told = self.body
        return self.status, str(told.get("reason", "")), str(told.get("message", ""))


@dataclass(frozen=True)
class Client:
    """Asks over HTTP, and reads what comes as it comes; no library in between."""

    url: str
    context: ssl.SSLContext | None
    headers: Mapping[str, str]

    def as_user(self, user: str, *groups: str) -> "Client":
        """The same, taken for *user* (impersonation)."""
        named = {"Impersonate-User": user}
        if groups:
            named["Impersonate-Group"] = groups[0]
        return Client(self.url, self.context, {**self.headers, **named})

    def with_headers(self, **headers: str) -> "Client":
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return Client(self.url, self.context, {**self.headers, **named})

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        media_type: str = "application/json",
        query: Mapping[str, object] | None = None,
    ) -> Reply:
        """Ask; what is no JSON comes as `Reply.text`."""
        query = query or {}
        with self._sent(method, path, body, media_type, query) as answer:
            text = answer.read().decode()
            headers = {k.lower(): v for k, v in answer.getheaders()}
            warnings = tuple(answer.headers.get_all("Warning") or ())
            is_one = not (answer.status == 200 and query.get("watch"))
            told = json.loads(text) if is_one and text.startswith("{") else {}
            return Reply(answer.status, told, headers, warnings, text)

    def get(self, path: str, **query: object) -> Reply:
        return self.ask("GET", path, query=query)

    def create(self, path: str, body: object, **query: object) -> Reply:
        return self.ask("POST", path, body, query=query)

    def put(self, path: str, body: object, **query: object) -> Reply:
        return self.ask("PUT", path, body, query=query)

    def merge(self, path: str, body: object, **query: object) -> Reply:
        return self.ask("PATCH", path, body, MERGE, query)

    def apply(self, path: str, body: object, **query: object) -> Reply:
        return self.ask("PATCH", path, body, APPLY, query)

    def delete(self, path: str, body: object = None, **query: object) -> Reply:
        return self.ask("DELETE", path, body, query=query)

    def watch(self, path: str, **query: object) -> Iterator[Json]:
        """Events as they come, until the watch ends.

        Raises:
            IncompleteRead: it was cut.
        """
        named = {"watch": "true", "timeoutSeconds": 10, **query}
        with self._sent("GET", path, None, "", named) as answer:
            rest = b""
            while data := answer.read1():
                *lines, rest = (rest + data).split(b"\n")
                yield from map(json.loads, lines)

    @contextmanager
    def _sent(
        self,
        method: str,
        path: str,
        body: object,
        media_type: str,
        query: Mapping[str, object],
    ) -> Iterator[http.client.HTTPResponse]:
        place = urlsplit(self.url)
        host, port = str(place.hostname), place.port
        connection = (
            http.client.HTTPConnection(host, port, timeout=_SECONDS)
            if self.context is None
            else http.client.HTTPSConnection(
                host, port, timeout=_SECONDS, context=self.context
            )
        )
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"User-Agent": "test/1", **self.headers}
        if sent is not None:
            headers["Content-Type"] = media_type
        target = f"{path}?{urlencode(query)}" if query else path
        try:
            connection.request(method, target, sent, headers)
            yield connection.getresponse()
        finally:
            connection.close()


@dataclass(frozen=True)
class World:
    """A cluster with a namespace of this test.

    Attributes:
        cluster: the stand-in; the test is skipped where it is a real one.
    """

    client: Client
    namespace: str
    stand_in: Cluster | None

    @property
    def cluster(self) -> Cluster:
        if self.stand_in is None:
            pytest.skip("only the stand-in can be made to do this")
        return self.stand_in

    def path(self, resource: str, name: str = "", subresource: str = "") -> str:
        """``configmaps``, ``deployments.apps/v1``: within the namespace."""
        plural, _, group = resource.partition(".")
        root = f"/apis/{group}" if group else "/api/v1"
        rest = "".join(f"/{quote(each)}" for each in (name, subresource) if each)
        return f"{root}/namespaces/{self.namespace}/{plural}{rest}"

    def config_map(self, name: str = "x", **data: str) -> Reply:
        """A new one."""
        body = {"metadata": {"name": name}, "data": data or {"a": "1"}}
        reply = self.client.create(self.path("configmaps"), body)
        assert reply.status == 201, reply.said
        return reply

    def secret(self, name: str = "x") -> Reply:
        """A new one; unlike a ConfigMap, no controller puts one into a namespace."""
        body = {"metadata": {"name": name}, "stringData": {"a": "1"}}
        reply = self.client.create(self.path("secrets"), body)
        assert reply.status == 201, reply.said
        return reply

    def deployment(self, name: str = "web", **spec: object) -> Reply:
        """A new one, of one container."""
        labels = {"app": name}
        containers = [{"name": "app", "image": "registry.example/shop:1"}]
        body = {
            "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": containers},
                },
                **spec,
            },
        }
        reply = self.client.create(self.path("deployments.apps/v1"), body)
        assert reply.status == 201, reply.said
        return reply


@contextmanager
def cluster_world() -> Iterator[World]:
    """The stand-in, or what KUBECONFIG leads to, with a new namespace."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    if kubeconfig := os.environ.get("KUBECONFIG"):
        client = _real(Path(kubeconfig))
        body = {"metadata": {"name": namespace}}
        reply = client.create("/api/v1/namespaces", body)
        assert reply.status == 201, reply.said
        try:
            yield World(client, namespace, None)
        finally:
            client.delete(f"/api/v1/namespaces/{namespace}")
        return
    with serve(State([namespace])) as cluster:
        yield World(client_of(cluster), namespace, cluster)


def client_of(cluster: Cluster, token: str = ADMIN_TOKEN) -> Client:
    """A client of the stand-in; no token: nobody."""
    context = None
    if cluster.authority is not None:
        context = ssl.create_default_context(cadata=cluster.authority.certificate)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(cluster.url, context, headers)


def _real(path: Path) -> Client:
    """The current context of a kubeconfig with a token or a certificate."""
    told = yaml.safe_load(path.read_text())
    contexts = {each["name"]: each["context"] for each in told["contexts"]}
    chosen = contexts[told["current-context"]]
    clusters = {each["name"]: each["cluster"] for each in told["clusters"]}
    users = {each["name"]: each["user"] for each in told["users"]}
    cluster, user = clusters[chosen["cluster"]], users[chosen["user"]]
    context = None
    if cluster["server"].startswith("https"):
        context = _context(cluster, user, path.parent)
    headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
    return Client(cluster["server"], context, headers)


def _context(
    cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path
) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if "certificate-authority-data" in cluster:
        encoded = cluster["certificate-authority-data"]
        context.load_verify_locations(cadata=base64.b64decode(encoded).decode())
    elif "certificate-authority" in cluster:
        context.load_verify_locations(folder / cluster["certificate-authority"])
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if "client-certificate" in user:
        certificate, key = user["client-certificate"], user["client-key"]
        context.load_cert_chain(folder / certificate, folder / key)
    return context


def wait_until(done: Callable[[], object], seconds: float = _SECONDS) -> None:
    """Ask again until it is so: a real cluster does some things a moment later."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not become so"
        time.sleep(0.01)
