"""Workflows and actions of GitHub as values with lines. Pure.

Source:
    GitHub, "Workflow syntax for GitHub Actions", "Metadata syntax".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sluicegate.config.github.workflow_source import parse_workflow_source
from sluicegate.config.tree import Entry, Items, Leaf, Node, Table, child

_SECRET = re.compile(r"secrets\s*(?:\.\s*([\w-]+)|\[\s*'([^']+)'\s*\])")
ALL_SCOPES = "*"
"""Stands for every scope, where a workflow says ``write-all`` or ``read-all``."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its line, from 1."""

    text: str
    line: int

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that its expressions read."""
        return frozenset(dot or word for dot, word in _SECRET.findall(self.text))


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a token may do: ``scopes`` by name, as ``read``, ``write`` or ``none``."""

    line: int
    scopes: Mapping[str, Text]

    @property
    def writes(self) -> tuple[str, ...]:
        """The scopes that may be written to, sorted."""
        return tuple(
            sorted(name for name, level in self.scopes.items() if level.text == "write")
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A step: it ``uses`` an action, or it ``runs`` a script."""

    line: int
    uses: Text | None = None
    runs: Text | None = None
    given: Mapping[str, Text] = field(default_factory=dict)
    env: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A job; one that ``uses`` a reusable workflow has no steps.

    ``secrets`` are those that it hands to that workflow by name, ``inherits`` says that
    it hands over all. ``condition`` is its ``if``.
    """

    name: str
    line: int
    uses: Text | None = None
    steps: tuple[Step, ...] = ()
    permissions: Permissions | None = None
    environment: Text | None = None
    runners: tuple[Text, ...] = ()
    env: Mapping[str, Text] = field(default_factory=dict)
    given: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, Text] = field(default_factory=dict)
    inherits: Text | None = None
    images: tuple[Text, ...] = ()
    condition: Text | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that starts a workflow; ``branches`` and ``tags`` None: any of them."""

    event: str
    line: int
    branches: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow, or an action made of steps, which is one job and has no trigger."""

    path: str
    triggers: tuple[Trigger, ...]
    jobs: tuple[Job, ...]
    permissions: Permissions | None = None
    env: Mapping[str, Text] = field(default_factory=dict)

    @property
    def events(self) -> frozenset[str]:
        """What starts it."""
        return frozenset(each.event for each in self.triggers)


def parse_workflow(data: bytes, path: str) -> Workflow:
    """Read the workflow or action at *path*. What has another form is passed over.

    Raises:
        UsageError: GitHub would not read it either.
    """
    root = parse_workflow_source(data, path)
    steps = _steps(child(child(root, "runs") or root, "steps"))
    jobs = tuple(_job(name, entry) for name, entry in _entries(child(root, "jobs")))
    if not jobs and steps:
        jobs = (Job("runs", steps[0].line, steps=steps),)
    return Workflow(
        path,
        triggers=tuple(_triggers(child(root, "on"))),
        jobs=jobs,
        permissions=_permissions(root),
        env=_texts(child(root, "env")),
    )


def _job(name: str, entry: Entry) -> Job:
    node = entry.node
    environment = child(node, "environment")
    container = child(node, "container")
    return Job(
        name,
        entry.line,
        uses=_text(child(node, "uses")),
        steps=_steps(child(node, "steps")),
        permissions=_permissions(node),
        environment=_text(environment) or _text(_in(environment, "name")),
        runners=tuple(_runners(child(node, "runs-on"))),
        env=_texts(child(node, "env")),
        given=_texts(child(node, "with")),
        secrets=_texts(child(node, "secrets")),
        inherits=_text(child(node, "secrets")),
        images=tuple(_images(container, child(node, "services"))),
        condition=_text(child(node, "if")),
    )


def _steps(node: Node | None) -> tuple[Step, ...]:
    items = node.items if isinstance(node, Items) else ()
    return tuple(
        Step(
            item.line,
            uses=_text(child(item, "uses")),
            runs=_text(child(item, "run")),
            given=_texts(child(item, "with")),
            env=_texts(child(item, "env")),
        )
        for item in items
    )


def _permissions(node: Node) -> Permissions | None:
    if not isinstance(node, Table) or "permissions" not in node.entries:
        return None
    entry = node.entries["permissions"]
    if isinstance(entry.node, Leaf):
        level = {"write-all": "write", "read-all": "read"}.get(str(entry.node.value))
        scopes = {ALL_SCOPES: Text(level, entry.line)} if level else {}
        return Permissions(entry.line, scopes)
    return Permissions(entry.line, _texts(entry.node))


def _triggers(node: Node | None) -> Iterator[Trigger]:
    if isinstance(node, Leaf):
        yield Trigger(str(node.value), node.line)
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Leaf):
            yield Trigger(str(item.value), item.line)
    for event, entry in _entries(node):
        yield Trigger(
            event,
            entry.line,
            branches=_words(entry.node, "branches"),
            tags=_words(entry.node, "tags"),
            others=frozenset(key for key, _ in _entries(entry.node)),
        )


def _runners(node: Node | None) -> Iterator[Text]:
    if isinstance(node, Table):
        node = child(node, "labels")
    for each in node.items if isinstance(node, Items) else (node,):
        if (text := _text(each)) is not None:
            yield text


def _images(container: Node | None, services: Node | None) -> Iterator[Text]:
    nodes = [container, *(entry.node for _, entry in _entries(services))]
    for node in nodes:
        text = _text(node) or _text(_in(node, "image"))
        if text is not None:
            yield text


def _words(node: Node, key: str) -> tuple[str, ...] | None:
    found = child(node, key)
    if isinstance(found, Items):
        return tuple(str(each.value) for each in found.items if isinstance(each, Leaf))
    return (str(found.value),) if isinstance(found, Leaf) else None


def _entries(node: Node | None) -> Iterator[tuple[str, Entry]]:
    if isinstance(node, Table):
        yield from node.entries.items()


def _texts(node: Node | None) -> dict[str, Text]:
    return {
        key: Text(str(entry.node.value), entry.line)
        for key, entry in _entries(node)
        if isinstance(entry.node, Leaf)
    }


def _text(node: Node | None) -> Text | None:
    return Text(str(node.value), node.line) if isinstance(node, Leaf) else None


def _in(node: Node | None, key: str) -> Node | None:
    return child(node, key) if node is not None else None
