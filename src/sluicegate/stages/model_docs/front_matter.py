"""The YAML at the head of a model card, with every value as it is written.

A loader would read ``0.870`` as 0.87, and how many digits somebody wrote says how far
the number may be from the truth; so scalars stay text. Keys given twice, aliases and
anchors are refused: which value is meant must not depend on who reads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from sluicegate.errors import PermanentError

_MAX_DEPTH = 20
_MAX_NODES = 10_000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it is written; empty for null. Lines count from 1 in the card."""

    line: int
    value: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values."""

    line: int
    entries: Mapping[str, "Node"] = field(default_factory=dict)

    def get(self, key: str) -> "Node | None":
        """What stands beside *key*, if anything does."""
        return self.entries.get(key)


Node = Text | Items | Table


def read_front_matter(text: str, source: str, first: int) -> Table:
    """Read *text*, which begins in line *first* of *source*.

    Raises:
        PermanentError: it is not YAML of keys and values, or more than one thing could
            be meant; with file and line.
    """
    reader = _Reader(source, first)
    try:
        root = reader.document(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first + (mark.line if mark else 0)
        raise PermanentError(
            f"{source}:{line}: not YAML: {error.problem or error.context}"
        ) from error
    except yaml.YAMLError as error:  # a control character
        raise PermanentError(f"{source}:{first}: not YAML: {error}") from error
    if isinstance(root, Text) and not root.value:
        return Table(first)
    if not isinstance(root, Table):
        raise PermanentError(
            f"{source}:{first}: the front matter must hold keys and values"
        )
    return root


def texts_of(node: Node | None) -> Iterator[Text]:
    """Every scalar below *node* that is not empty, keys left out."""
    waiting = [] if node is None else [node]
    while waiting:
        at = waiting.pop()
        match at:
            case Text() if at.value.strip():
                yield at
            case Text():
                pass
            case Items():
                waiting += reversed(at.items)
            case Table():
                waiting += reversed(list(at.entries.values()))


class _Reader:
    def __init__(self, source: str, first: int) -> None:
        self._source, self._first = source, first
        self._events: Iterator[yaml.Event] = iter(())
        self._nodes = 0

    def document(self, text: str) -> Node:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Table(self._first)
        root = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._error(after, "a second document")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = self._line(event)
        self._nodes += 1
        if depth > _MAX_DEPTH or self._nodes > _MAX_NODES:
            raise self._error(event, "too much of it, or nested too deep")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._error(event, "write it out: anchors and aliases are not read")
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(item, depth + 1))
            return Items(line, tuple(items))
        if isinstance(event, yaml.MappingStartEvent):
            return Table(line, self._entries(depth))
        assert isinstance(event, yaml.ScalarEvent)
        is_plain = event.style is None or event.style == ""
        is_null = is_plain and event.value in _NULL
        return Text(line, "" if is_null else event.value)

    def _entries(self, depth: int) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise self._error(key, "a key must be a word")
            if key.value in found:
                raise self._error(key, f"{key.value!r} is given twice")
            found[key.value] = self._node(next(self._events), depth + 1)
        return found

    def _line(self, event: yaml.Event) -> int:
        return self._first + (event.start_mark.line if event.start_mark else 0)

    def _error(self, event: yaml.Event, what: str) -> PermanentError:
        return PermanentError(f"{self._source}:{self._line(event)}: {what}")
