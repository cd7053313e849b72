"""YAML of GitHub Actions to a tree with line numbers. Pure.

Not the reader of pipeline files: workflows may hold anchors and aliases since 2025,
every scalar in them is text until an expression says otherwise, and a flaw is reported
by whoever asked rather than refused.
"""

from collections.abc import Iterator

import yaml

from sluicegate.config.tree import Entry, Items, Leaf, Node, Table
from sluicegate.errors import UsageError

MAX_BYTES = 1 << 20
_MAX_DEPTH = 40
_MAX_NODES = 50_000
"""Nodes with what aliases stand for, so that a few bytes cannot become gigabytes."""


def parse_workflow_source(data: bytes, name: str) -> Table:
    """Read the bytes of the file called *name*; all its values are texts.

    Raises:
        UsageError: GitHub would not read it either: no YAML, a key given twice, a tag,
            an alias of nothing; or it is larger than 1 MiB or 50 000 values.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name}: larger than 1 MiB")
    try:
        text = data.decode("utf-8-sig")
        root = _Composer(name).document(text)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UsageError(f"{name}:{line}: not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        raise UsageError(f"{name}: holds a control character") from error
    if not isinstance(root, Table):
        raise UsageError(f"{name}: not a workflow: it holds no keys")
    return root


class _Composer:
    def __init__(self, name: str) -> None:
        self._name = name
        self._events: Iterator[yaml.Event] = iter(())
        self._anchors: dict[str, tuple[Node, int]] = {}

    def document(self, text: str) -> Node | None:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root, _ = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._flaw(after, "a second document")
        return root

    def _node(self, event: yaml.Event, depth: int) -> tuple[Node, int]:
        """The node that begins with *event*, and how many values it stands for."""
        if depth > _MAX_DEPTH:
            raise self._flaw(event, f"nested deeper than {_MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._flaw(event, f"*{event.anchor} stands for nothing")
            return self._anchors[event.anchor]
        assert isinstance(event, yaml.NodeEvent)
        if getattr(event, "tag", None) is not None:
            raise self._flaw(event, "tags (!name) are not supported")
        if isinstance(event, yaml.SequenceStartEvent):
            made = self._items(event, depth)
        elif isinstance(event, yaml.MappingStartEvent):
            made = self._table(event, depth)
        else:
            assert isinstance(event, yaml.ScalarEvent)
            made = Leaf(_line(event), event.value), 1
        if made[1] > _MAX_NODES:
            raise self._flaw(event, f"more than {_MAX_NODES} values")
        if event.anchor is not None:
            self._anchors[event.anchor] = made
        return made

    def _items(self, start: yaml.Event, depth: int) -> tuple[Node, int]:
        items, size = [], 1
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node, count = self._node(event, depth + 1)
            items.append(node)
            size += count
        return Items(_line(start), tuple(items)), size

    def _table(self, start: yaml.Event, depth: int) -> tuple[Node, int]:
        entries: dict[str, Entry] = {}
        size = 1
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._flaw(event, "a key must be one word")
            if event.value in entries:
                raise self._flaw(event, f"key {event.value!r} is given twice")
            node, count = self._node(next(self._events), depth + 1)
            entries[event.value] = Entry(_line(event), node)
            size += count
        return Table(_line(start), entries), size

    def _flaw(self, event: yaml.Event, message: str) -> UsageError:
        return UsageError(f"{self._name}:{_line(event)}: {message}")


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1
