"""YAML bytes to a tree with line numbers, without YAML's surprises.

libyaml reads the syntax; its events are put together here, because no loader keeps the
lines, refuses a key given twice, or can be told to leave aliases out (a few hundred
bytes of them can stand for gigabytes). Plain words follow YAML 1.2: ``on``, ``no`` and
``1:30`` are text.
"""

import math
import re
from collections.abc import Iterator

import yaml

from sluicegate.config.tree import (
    MAX_PROBLEMS,
    Entry,
    Items,
    Leaf,
    Node,
    Problem,
    Scalar,
    Table,
)
from sluicegate.errors import PipelineFileError

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 20
_MAX_INTEGER = 2**53 - 1  # what JSON numbers hold exactly

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_PADDED = re.compile(r"[-+]?0[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def parse_source(data: bytes, name: str) -> Table:
    """Read the bytes of the file that people know as *name*.

    Raises:
        PipelineFileError: it is not one YAML document with keys at its top.
    """
    composer = _Composer()
    try:
        root = composer.document(_decode(data))
    except _StopError as stop:
        problems = [*composer.problems, stop.problem]
    else:
        problems = composer.problems
        if isinstance(root, Table) and not problems:
            return root
        if not isinstance(root, Table):
            message = "the file must hold keys, starting with schema: sluicegate/v1"
            problems = [Problem(1, message), *problems]
    raise PipelineFileError([problem.render(name) for problem in problems])


class _StopError(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


def _decode(data: bytes) -> str:
    if len(data) > _MAX_BYTES:
        raise _StopError(1, "the file is larger than 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _StopError(line, "the file is not UTF-8") from error


class _Composer:
    """Puts events together; collects what is wrong but does not end the reading."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._events: Iterator[yaml.Event] = iter(())

    def document(self, text: str) -> Node | None:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            raise _explain(error, text) from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise _StopError(line, "holds a control character") from error

    def _document(self) -> Node | None:
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _StopError(_line(after), "a second document (---) is not supported")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        if depth > _MAX_DEPTH:
            raise _StopError(line, f"nested deeper than {_MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            self._report(line, "aliases (*name) are not supported: write it out")
            return Leaf(line, None)
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self._report(line, "anchors (&name) are not supported")
        if getattr(event, "tag", None) is not None:
            self._report(line, "tags (!name) are not supported")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(line, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(line, depth)
        assert isinstance(event, yaml.ScalarEvent)
        return Leaf(line, self._scalar(event))

    def _items(self, line: int, depth: int) -> Items:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Items(line, tuple(items))

    def _table(self, line: int, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, where = self._key(event, depth), _line(event)
            node = self._node(next(self._events), depth + 1)
            if key in entries:
                first = entries[key].line
                self._report(where, f"key {key!r} is already given in line {first}")
            elif key is not None:
                entries[key] = Entry(where, node)
        return Table(line, entries)

    def _key(self, event: yaml.Event, depth: int) -> str | None:
        node = self._node(event, depth + 1)
        if isinstance(event, yaml.ScalarEvent):
            return event.value
        if not isinstance(event, yaml.AliasEvent):
            self._report(node.line, "a key must be one word")
        return None

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text: str = event.value
        plain = event.implicit[0]
        if not plain:
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        return self._number(text, _line(event))

    def _number(self, text: str, line: int) -> int | float | str:
        if _PADDED.fullmatch(text):
            self._report(line, f'write {text} without leading zeros, or as "{text}"')
        elif _INTEGER.fullmatch(text):
            # Python refuses int() of more than 4300 digits.
            if len(text) <= len(str(_MAX_INTEGER)) + 1:
                number = int(text)
                if abs(number) <= _MAX_INTEGER:
                    return number
            self._report(line, "the number is too large")
        elif _FLOAT.fullmatch(text):
            if math.isfinite(fraction := float(text)):
                return fraction
            self._report(line, "the number is too large")
        return text

    def _report(self, line: int, message: str) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            raise _StopError(line, "there is more, but this is enough for one look")
        self.problems.append(Problem(line, message))


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


def _explain(error: yaml.MarkedYAMLError, text: str) -> _StopError:
    """Say what libyaml found, with the line where a person has to look."""
    mark = error.problem_mark or error.context_mark
    if error.problem == "found unexpected end of stream" and error.context_mark:
        mark = error.context_mark  # the quote that nothing closes
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    if "\t" in shown[: len(shown) - len(shown.lstrip())]:
        return _StopError(line, "a tab indents this line; YAML wants spaces")
    if line > len(lines) and error.context_mark:
        line = error.context_mark.line + 1  # what began there is never closed
    where = f" ({error.context})" if error.context else ""
    if error.problem == "did not find expected ',' or '}'":
        where += "; close it with }, and put text that holds ': ' or ',' in quotes"
    if error.problem == "mapping values are not allowed in this context":
        where = "; text that holds ': ' needs quotes"
    return _StopError(line, f"not YAML: {error.problem}{where}")
