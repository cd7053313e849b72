"""Who manages which fields of an object, of its ``metadata.managedFields``.

Source:
    https://kubernetes.io/docs/reference/using-api/server-side-apply/ "Field
    management"; the form of ``fieldsV1`` is that of structured-merge-diff,
    ``fieldpath/serialize-pe.go``: ``f:NAME`` a field, ``k:{...}`` an entry of a list by
    its keys, ``v:VALUE`` an entry of a set, ``i:N`` an entry by its place, ``.`` the
    thing itself; ``{}`` ends a path.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.adapters.kubernetes.values import Entry, Node, Step


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who manages fields, by ``Apply`` or ``Update``; *time* of the last."""

    name: str
    operation: str
    subresource: str
    time: datetime | None
    fields: Node


def parse_managers(entries: Node) -> tuple[Manager, ...]:
    """The managers of an object."""
    return tuple(
        Manager(
            name=each.text("manager") or "",
            operation=each.text("operation") or "",
            subresource=each.text("subresource") or "",
            time=each.time("time"),
            fields=each.node("fieldsV1"),
        )
        for each in entries.items()
    )


def managers_of(
    managers: Sequence[Manager], path: Sequence[Step]
) -> tuple[Manager, ...]:
    """Those of *managers* who own what is at *path*, part of it, or what it is in."""
    return tuple(each for each in managers if _owns(each.fields, path))


def _owns(fields: Node, path: Sequence[Step]) -> bool:
    if not fields.names():
        return False
    for step in path:
        names = fields.names()
        if not names:
            return True  # the path ends above: an atomic whole, or a map taken whole
        name = _named(step, names)
        if name is None:
            return False
        fields = fields.node(name)
    return True


def _named(step: Step, names: Sequence[str]) -> str | None:
    """The name under which *step* is among *names*."""
    if isinstance(step, str):
        return f"f:{step}" if f"f:{step}" in names else None
    if isinstance(step, int):
        return f"i:{step}" if f"i:{step}" in names else None
    return next((name for name in names if _is_key(step, name)), None)


def _is_key(entry: Entry, name: str) -> bool:
    if not name.startswith("k:"):
        return False
    try:
        return entry.is_of(json.loads(name[2:]))
    except (ValueError, RecursionError):
        return False
