"""The JSON of a cluster as its controllers write it, and the hand that writes it."""

from typing import Any, Protocol

Document = dict[str, Any]

_AT = "2026-11-22T00:00:00Z"


class Hand(Protocol):
    """One client of a cluster; `kube_api.hand.Hand` is one without a network."""

    def create(self, found: Document, namespace: str = "") -> Document: ...

    def get(self, kind: str, namespace: str, name: str) -> Document | None: ...

    def list(
        self, kind: str, namespace: str = "", labels: str = ""
    ) -> list[Document]: ...

    def merge(
        self,
        kind: str,
        namespace: str,
        name: str,
        change: Document,
        subresource: str = "",
    ) -> Document: ...

    def set_status(
        self, kind: str, namespace: str, name: str, status: Document
    ) -> Document: ...

    def delete(
        self, kind: str, namespace: str, name: str, **options: object
    ) -> Document: ...


def condition(kind: str, status: str, reason: str, message: str = "") -> Document:
    """A condition of a Deployment, a ReplicaSet or a pod."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": _AT,
    }


def owner_reference(owner: Document) -> Document:
    """The reference of a dependent to its controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def event(about: Document, reason: str, message: str, number: int) -> Document:
    """A Warning about an object."""
    meta = about["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{meta['name']}.{number:016x}"},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": _AT,
        "lastTimestamp": _AT,
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        },
        "source": {"component": "player"},
    }


def is_said(found: object, wanted: object) -> bool:
    """Whether *found* says what is *wanted*, beside what the server adds to it."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            is_said(found.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(map(is_said, found, wanted))
        )
    return found == wanted or (not found and not wanted)
