"""A pipeline file as written: values with the line each stands in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.model.credential import hide

MAX_PROBLEMS = 100  # nobody mends more in one go
_MAX_MESSAGE = 500  # characters

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value. Lines count from 1."""

    line: int
    value: Scalar


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands beside a key; ``line`` is that of the key."""

    line: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values, in the order of the file."""

    line: int
    entries: Mapping[str, Entry]


Node = Leaf | Items | Table
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something to mend, and the line it is in."""

    line: int
    message: str

    def render(self, name: str) -> str:
        """The problem in the file called *name*, as one line of bounded length.

        Keys and values come from whoever wrote the file: what a terminal could obey, or
        a reader take for another problem, is shown as an escape; tokens and passwords
        in URLs are not shown at all.
        """
        message = hide(self.message)
        text = message[:_MAX_MESSAGE]
        if len(message) > _MAX_MESSAGE:
            text += "…"
        return f"{name}:{self.line}: {''.join(map(_escape, text))}"


def _escape(char: str) -> str:
    return char if char.isprintable() else repr(char)[1:-1]


@dataclass(frozen=True, slots=True)
class Found:
    """The place in a tree that a path leads to, as far as it goes.

    ``path`` holds the parts that lead somewhere, ``node`` is what is there. ``strayed``
    says that the last part was passed over: a key that is missing, or a name that a
    validator gave to one reading of a value.
    """

    path: Path
    line: int
    node: Node
    strayed: bool


def find(root: Node, path: Sequence[str | int]) -> Found:
    """Follow *path* from *root*."""
    walked: list[str | int] = []
    node, line = root, root.line
    strayed = False
    for part in path:
        strayed = False
        if isinstance(node, Table) and isinstance(part, str) and part in node.entries:
            entry = node.entries[part]
            node, line = entry.node, entry.line
        elif (
            isinstance(node, Items) and isinstance(part, int) and part < len(node.items)
        ):
            node = node.items[part]
            line = node.line
        else:
            strayed = True
            continue
        walked.append(part)
    return Found(tuple(walked), line, node, strayed=strayed)


def child(node: Node, key: str) -> Node | None:
    """What stands beside *key*, if *node* is a table that has it."""
    if isinstance(node, Table) and key in node.entries:
        return node.entries[key].node
    return None


def to_json(node: Node) -> str:
    """The tree as JSON, for a validator."""
    return json.dumps(_plain(node))


def _plain(node: Node) -> object:
    match node:
        case Leaf():
            return node.value
        case Items():
            return [_plain(item) for item in node.items]
        case Table():
            return {key: _plain(entry.node) for key, entry in node.entries.items()}
