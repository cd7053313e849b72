"""The digest of a policy: of what was written, and of nothing besides."""

from collections.abc import Iterable, Mapping, Sequence

from sluicegate.config.definition import canonical_json
from sluicegate.config.shared import EVERY
from sluicegate.config.tree import Entry, Items, Leaf, Node, Table, child
from sluicegate.gates.condition import Condition
from sluicegate.model.digest import Digest

_FORMAT = "sluicegate-policy-digest/v1"
_OF_A_LAYER = ("people", "services", "groups", "budgets")

Gates = Mapping[str, tuple[str, tuple[Condition, ...]]]
"""Stages by name: their kind, and the conditions of their gate."""


def policy_digest(environment: str, layers: Sequence[Table], gates: Gates) -> Digest:
    """SHA-256 of all that judges *environment*, as canonical JSON.

    Of each file its people, services, groups and budgets, and what it says of
    *environment* and of every environment; and the *gates* of the stages before it.
    Other environments, comments, layout and the commit make no difference: an approval
    is not void because something else was merged.

    Source: RFC 8785 (JSON Canonicalization Scheme).
    """
    root = _table(
        {
            "format": Leaf(0, _FORMAT),
            "environment": Leaf(0, environment),
            "layers": _items(_layer(root, environment) for root in layers),
            "stages": _table(
                {name: _gate(kind, gate) for name, (kind, gate) in gates.items()}
            ),
        }
    )
    return Digest.of(canonical_json(root).encode())


def _layer(root: Table, environment: str) -> Node:
    kept = {key: root.entries[key].node for key in _OF_A_LAYER if key in root.entries}
    environments = child(root, "environments")
    rules = {
        name: found
        for name in (EVERY, environment)
        if environments is not None and (found := child(environments, name)) is not None
    }
    return _table({**kept, "environments": _table(rules)})


def _gate(kind: str, conditions: Iterable[Condition]) -> Node:
    gate = _items(Leaf(0, condition.text) for condition in conditions)
    return _table({"uses": Leaf(0, kind), "gate": gate})


def _table(nodes: Mapping[str, Node]) -> Table:
    return Table(0, {key: Entry(0, node) for key, node in nodes.items()})


def _items(nodes: Iterable[Node]) -> Items:
    return Items(0, tuple(nodes))
