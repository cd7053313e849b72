"""The verbs of one namespace as lightkube writes and reads them.

The connection below is ours (`wire`), for lightkube's own knows no end of waiting, no
proxy of a kubeconfig and no expiry of what a plug-in printed. What it has no words for
(preconditions of a deletion) is sent by the same connection.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx2
import msgspec
from lightkube import Client
from lightkube.config.kubeconfig import SingleConfig
from lightkube.config.models import Cluster, Context, User
from lightkube.generic_resource import (
    create_global_resource,
    create_namespaced_resource,
)
from lightkube.types import PatchType

from sluicegate.adapters.kubernetes.api import FIELD_MANAGER
from sluicegate.adapters.kubernetes.judging import Wish, judge
from sluicegate.adapters.kubernetes.objects import Kind, Listing, Obj
from sluicegate.adapters.kubernetes.refusal import Refusal
from sluicegate.adapters.kubernetes.values import Fields, Json, Node
from sluicegate.adapters.kubernetes.wire import Wire
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

_MAKING = threading.Lock()
_MADE: dict[Kind, Any] = {}
_ODD = (
    *(msgspec.MsgspecError, ValueError, TypeError, AttributeError, LookupError),
    RecursionError,
)

T = TypeVar("T")


class Verbs:
    """What can be asked of *namespace* of the *cluster* at *url*.

    Every method raises, in place of a refusal, the error that `judge` makes of it, and
    PermanentError for what is no answer of Kubernetes.
    """

    def __init__(self, wire: Wire, url: str, cluster: str, namespace: str) -> None:
        self._wire, self.url, self.cluster = wire, url, cluster
        self.namespace = namespace
        # Certificates are checked by the wire; lightkube is to load none in vain.
        place = Cluster(server=url, insecure=True)
        self._client = Client(
            SingleConfig("", Context(cluster=""), place, User()),
            namespace=namespace,
            field_manager=FIELD_MANAGER,
            trust_env=False,
            transport=wire,
        )

    def wish(
        self, verb: str, kind: Kind, name: str | None = None, subresource: str = ""
    ) -> Wish:
        """What is asked for, as messages and RBAC have it."""
        return Wish(verb, kind, self.namespace, name, subresource)

    def read(self, kind: Kind, name: str) -> Obj:
        """The object."""
        return self._ask(
            self.wish("get", kind, name),
            lambda: _object(kind, name, self._client.get(_resource(kind), name)),
        )

    def list(
        self, kind: Kind, labels: Mapping[str, str], fields: Mapping[str, str]
    ) -> Listing:
        """All with these labels and fields."""

        def ask() -> Listing:
            found = self._client.list(
                _resource(kind), labels=dict(labels), fields=dict(fields)
            )
            objects = tuple(Obj(kind, each) for each in found)
            return Listing(objects, found.resourceVersion)

        return self._ask(self.wish("list", kind), ask)

    def create(self, kind: Kind, name: str | None, fields: Fields) -> Obj:
        """Make an object; reviews have no name."""
        body = _resource(kind)(self.body(kind, name, fields))
        return self._ask(
            self.wish("create", kind, name),
            lambda: _object(kind, name, self._client.create(body)),
        )

    def patch(
        self,
        wish: Wish,
        body: dict[str, Json],
        how: PatchType,
        *,
        force: bool = False,
        dry: bool = False,
    ) -> Obj:
        """Change an object, or its subresource."""
        resource = _resource(wish.kind)
        if wish.subresource:
            resource = resource.Status
        return self._ask(
            wish,
            lambda: _object(
                wish.kind,
                wish.name,
                self._client.patch(
                    resource,
                    wish.name or "",
                    body,
                    patch_type=how,
                    force=force,
                    dry_run=dry,
                ),
                is_trial=dry,
            ),
        )

    def delete(self, wish: Wish, options: Json) -> None:
        """Delete an object on the conditions of *options* (``DeleteOptions``)."""
        request = httpx2.Request(
            "DELETE",
            f"{self.url}{wish.kind.path(self.namespace, wish.name)}",
            content=json.dumps(options).encode(),
            headers={"Content-Type": "application/json"},
        )
        self._ask(wish, lambda: self._wire.handle_request(request))

    def version(self) -> str:
        """The server's."""
        wish = Wish("get", Kind("", "", "version", "version", namespaced=False), "")
        request = httpx2.Request("GET", f"{self.url}/version")
        found = self._ask(wish, lambda: self._wire.handle_request(request).json())
        version = Node(found, f"what {self.cluster} says of itself: ")
        return show(version.text("gitVersion") or "?", 60)

    def body(
        self,
        kind: Kind,
        name: str | None,
        fields: Fields,
        resource_version: str | None = None,
    ) -> dict[str, Json]:
        """What is sent of an object."""
        given = fields.get("metadata")
        metadata = dict(given) if isinstance(given, Mapping) else {}
        if name is not None:
            metadata["name"] = name
        if kind.namespaced:
            metadata["namespace"] = self.namespace
        if resource_version is not None:
            metadata["resourceVersion"] = resource_version
        return {
            **fields,
            "apiVersion": kind.api_version,
            "kind": kind.name,
            "metadata": metadata,
        }

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(self, wish: Wish, call: Callable[[], T]) -> T:
        """What *call* returns; a refusal becomes the error that it is for *wish*."""
        try:
            return call()
        except Refusal as refusal:
            raise judge(refusal, wish, self.cluster) from refusal
        except _ODD as error:
            raise PermanentError(
                f"what {self.cluster} answers to {wish.verb} {wish.what} is not of"
                " Kubernetes",
                hint="see server of the cluster in the kubeconfig: what answers there?",
            ) from error


def _resource(kind: Kind) -> Any:  # noqa: ANN401 - lightkube makes the class
    """The class of *kind*, made once: lightkube refuses another of the same kind."""
    with _MAKING:
        if kind not in _MADE:
            is_in = kind.namespaced
            make = create_namespaced_resource if is_in else create_global_resource
            _MADE[kind] = make(kind.group, kind.version, kind.name, kind.plural)
        return _MADE[kind]


def _object(
    kind: Kind, name: str | None, value: Json, *, is_trial: bool = False
) -> Obj:
    """What was asked for, and nothing else; a trial makes no version.

    Raises:
        ValueError: it is something else.
    """
    found = Obj(kind, value)
    if found.text("kind") != kind.name:
        raise ValueError("another kind")
    has_version = bool(found.resource_version) or is_trial
    if name is not None and not (found.name == name and has_version):
        raise ValueError("another object")
    return found
