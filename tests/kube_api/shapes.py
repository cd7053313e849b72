"""What a schema says of the shape of a value, as server-side apply sees it.

Source: k8s.io/kube-openapi/pkg/schemaconv/openapi.go (1.36), which makes the schemas of
structured-merge-diff from OpenAPI: a list without ``x-kubernetes-list-type`` is atomic,
an object is a struct or a map of which each key has its own owner unless
``x-kubernetes-map-type: atomic``; what no schema describes is deduced from the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Node = Mapping[str, Any]
"""A schema as OpenAPI writes it."""

# What JSON may hold: its shape is what a schema is about.
Value = Any

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
RAW_EXTENSION = "io.k8s.apimachinery.pkg.runtime.RawExtension"
_PRIMITIVE = frozenset({"integer", "boolean", "number", "string"})
_ALL = frozenset({"map", "scalar", "list"})
# In this order one is taken when the value does not decide (handleAtom).
_ORDER = ("map", "scalar", "list")


@dataclass(frozen=True)
class Shape:
    """A schema within the definitions that it may refer to.

    Attributes:
        node: the schema.
        definitions: what its references name, by name.
        deduced: whether values are taken for what they are: maps have an owner for
            each key and lists are atomic.
        untyped: likewise, but maps are atomic, too.
        preserves: an ancestor preserves unknown fields.
        atomic_map: a reference to this schema says that it is atomic.
        name: of the struct that it describes, if it has a name.
    """

    node: Node
    definitions: Mapping[str, Node]
    deduced: bool = False
    untyped: bool = False
    preserves: bool = False
    atomic_map: bool = False
    name: str = ""

    @cached_property
    def declared(self) -> str:
        """The type that the schema names; none if it takes any."""
        if "type" not in self.node and self.properties:
            return "object"
        return str(self.node.get("type", ""))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What a value may be: of ``map``, ``scalar``, ``list``."""
        if self.deduced or self.untyped:
            return _ALL
        if self.declared in _PRIMITIVE:
            return frozenset({"scalar"})
        return {"object": frozenset({"map"}), "array": frozenset({"list"})}.get(
            self.declared, _ALL
        )

    def kind_of(self, value: object) -> str:
        """Which of `kinds` *value* is; the first if it is none."""
        if isinstance(value, dict):
            wanted = "map"
        elif isinstance(value, list):
            wanted = "list"
        else:
            wanted = "scalar" if isinstance(value, (str, int, float)) else ""
        if wanted in self.kinds:
            return wanted
        return next(each for each in _ORDER if each in self.kinds)

    @cached_property
    def map_is_atomic(self) -> bool:
        """A map has one owner as a whole."""
        if self.deduced or self.untyped:
            return self.untyped
        return self.atomic_map or self.node.get("x-kubernetes-map-type") == "atomic"

    @cached_property
    def list_is_atomic(self) -> bool:
        """A list has one owner as a whole."""
        return self.deduced or self.untyped or self._list_type not in {"map", "set"}

    @property
    def _list_type(self) -> str:
        return str(self.node.get("x-kubernetes-list-type", "atomic"))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """By what the items of a list are told apart; none for a set."""
        if self._list_type != "map":
            return ()
        return tuple(self.node.get("x-kubernetes-list-map-keys", ()))

    @property
    def properties(self) -> Mapping[str, Node]:
        """The fields that it names."""
        found: Mapping[str, Node] = self.node.get("properties") or {}
        return {} if self.deduced or self.untyped else found

    def is_field(self, key: str) -> bool:
        """Whether *key* is named by the schema, and not just a key of a map."""
        return key in self.properties

    @property
    def default(self) -> object:
        """What stands for it when it is absent; None if nothing does."""
        return self.node.get("default")

    def child(self, key: str) -> "Shape | None":
        """Of the value of *key*; None if the schema knows no such field."""
        if self.untyped:
            return self
        if self.deduced:
            return self
        if key in self.properties:
            return self._below(self.properties[key])
        more = self.node.get("additionalProperties")
        if isinstance(more, Mapping):
            return self._below(more)
        preserves = self.preserves or self.node.get(
            "x-kubernetes-preserve-unknown-fields"
        )
        if more or preserves or (more is None and not self.properties):
            return Shape({}, self.definitions, deduced=True)
        return None

    def item(self) -> "Shape":
        """Of an item of the list."""
        items = self.node.get("items")
        if self.deduced or self.untyped or not isinstance(items, Mapping):
            return Shape({}, self.definitions, untyped=True)
        return self._below(items)

    @cached_property
    def _known(self) -> dict[int, "Shape"]:
        """The shapes below, by the identity of their schemas: parts of ours."""
        return {}

    def _below(self, node: Node) -> "Shape":
        found = self._known.get(id(node))
        if found is None:
            preserves = bool(
                self.preserves or self.node.get("x-kubernetes-preserve-unknown-fields")
            )
            found = shape_of(node, self.definitions, preserves=preserves)
            self._known[id(node)] = found
        return found


def shape_of(
    node: Node, definitions: Mapping[str, Node], *, preserves: bool = False
) -> Shape:
    """The shape of *node*, with its reference followed."""
    reference = _reference(node)
    if reference is None:
        return Shape(node, definitions, preserves=preserves)
    name = reference.rpartition("/")[2]
    if name == QUANTITY:
        return Shape({"type": "string", "format": "int-or-string"}, definitions)
    if name == RAW_EXTENSION:
        return Shape({}, definitions, untyped=True)
    atomic = node.get("x-kubernetes-map-type") == "atomic"
    found = dict(definitions[name])
    if "default" in node:
        found["default"] = node["default"]
    struct = name.rpartition(".")[2]
    return Shape(
        found, definitions, preserves=preserves, atomic_map=atomic, name=struct
    )


def _reference(node: Node) -> str | None:
    alone = node.get("allOf")
    if "$ref" not in node and isinstance(alone, list) and len(alone) == 1:
        node = alone[0]
    found = node.get("$ref")
    return found if isinstance(found, str) else None
