"""Reading an ignore file, with every mistake at once. Pure.

    - id: CVE-2020-14343
      package: PyYAML          # optional
      paths: ["services/*"]    # optional
      reason: we load no YAML from outside
      expires: 2027-03-01

What is wrong in it ignores nothing: the stage is broken until it is mended.
"""

import re
from datetime import date, timedelta

import yaml

from sluicegate.errors import PermanentError
from sluicegate.stages.trivy_ignore import Entry

LONGEST = timedelta(days=366)

_KEYS = ("id", "package", "paths", "reason", "expires")
_REQUIRED = ("id", "reason", "expires")
_MAX_ENTRIES = 1000
_MAX_SHOWN = 50  # mistakes; nobody mends more in one go
_MAX_TEXT = 500  # characters of a reason, which every report repeats
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


def read_ignore_file(data: bytes, name: str, today: date) -> tuple[Entry, ...]:
    """Read the entries of *data*, the file that people know as *name*.

    An entry may end at most `LONGEST` after *today*; one that has ended is no mistake.

    Raises:
        PermanentError: something in it is wrong; all of it is said, as ``file:line``.
    """
    reader = _Reader(today)
    entries = reader.read(data)
    if not reader.problems:
        return entries
    shown = [f"{name}:{line}: {what}" for line, what in sorted(reader.problems)]
    more = len(shown) - _MAX_SHOWN
    if more > 0:
        shown = [*shown[:_MAX_SHOWN], f"... and {more} more"]
    raise PermanentError(
        ";\n".join(shown), hint="nothing is ignored until it is mended"
    )


class _Reader:
    """Collects the entries that are right, and what is wrong with the others."""

    def __init__(self, today: date) -> None:
        self.problems: set[tuple[int, str]] = set()
        self._today = today
        self._seen: dict[tuple[object, ...], int] = {}

    def read(self, data: bytes) -> tuple[Entry, ...]:
        try:
            root = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.CSafeLoader)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self.problems.add((line, "the file is not UTF-8"))
            return ()
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or "it cannot be read"
            self.problems.add((mark.line + 1 if mark else 1, f"not YAML: {what}"))
            return ()
        if root is None or _is_null(root):
            return ()
        if not isinstance(root, yaml.SequenceNode):
            self._report(root, "the file must be a list of entries (- id: ...)")
            return ()
        if len(root.value) > _MAX_ENTRIES:
            self._report(root, f"more than {_MAX_ENTRIES} entries")
            return ()
        found = [self._entry(node) for node in root.value]
        return tuple(entry for entry in found if entry is not None)

    def _entry(self, node: yaml.Node) -> Entry | None:
        before = len(self.problems)
        if not isinstance(node, yaml.MappingNode):
            self._report(node, "an entry must hold keys: id, reason, expires")
            return None
        values = self._values(node)
        for key in _REQUIRED:
            if key not in values:
                self._report(node, f"{key!r} is missing")
        name = self._text(values.get("id"), "id")
        package = self._text(values.get("package"), "package")
        reason = self._text(values.get("reason"), "reason")
        paths = self._paths(values.get("paths"))
        expires = self._date(values.get("expires"))
        if "*" in name or "?" in name:
            self._report(values["id"], "'id' must be one ID, without wildcards")
        if len(self.problems) != before or expires is None:
            return None
        line = node.start_mark.line + 1
        first = self._seen.setdefault((name.upper(), package, paths), line)
        if first != line:
            self._report(node, f"the same as the entry in line {first}")
        return Entry(name, reason, expires, line, package or None, paths)

    def _values(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name not in _KEYS:
                message = f"unknown key {name[:40]!r} (one of {', '.join(_KEYS)})"
                self._report(key, message)
            elif name in values:
                self._report(key, f"{name!r} is given twice")
            else:
                values[name] = value
        return values

    def _text(self, node: yaml.Node | None, key: str) -> str:
        """The text of *node*; empty where there is none, or it was reported."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self._report(node, f"{key!r} must be text")
        elif _is_null(node) or not node.value.strip():
            self._report(node, f"{key!r} must not be empty")
        elif len(node.value) > _MAX_TEXT:
            self._report(node, f"{key!r} is longer than {_MAX_TEXT} characters")
        elif not all(char.isprintable() or char in "\n\t" for char in node.value):
            self._report(node, f"{key!r} holds a control character")
        else:
            return " ".join(node.value.split())
        return ""

    def _paths(self, node: yaml.Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._report(node, "'paths' must be a list of paths")
            return ()
        return tuple(self._text(item, "paths") for item in node.value)

    def _date(self, node: yaml.Node | None) -> date | None:
        text = self._text(node, "expires")
        if node is None or not text:
            return None
        latest = self._today + LONGEST
        try:
            found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None:
            self._report(node, "'expires' must be a day, like 2027-03-01")
        elif found > latest:
            message = f"'expires' must be at most a year ahead, {latest} at the latest"
            self._report(node, message)
        else:
            return found
        return None

    def _report(self, node: yaml.Node, what: str) -> None:
        self.problems.add((node.start_mark.line + 1, what))


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULL
