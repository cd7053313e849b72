"""A kubeconfig: which cluster a context means, and how one logs in there.

The context is always named; ``current-context`` is what somebody used last, in some
shell, and is never read. Nor is a context's namespace.

Source:
    k8s.io/client-go v0.36, ``tools/clientcmd/loader.go`` (files in ``KUBECONFIG`` are
    merged by name, the first wins, missing ones are passed over, relative paths are of
    the file they stand in), ``api/v1/types.go`` (the names of fields).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from sluicegate.adapters.kubernetes.login import Login, parse_login
from sluicegate.adapters.kubernetes.server import Server, parse_server
from sluicegate.adapters.kubernetes.values import Node
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError, UsageError

_MAX_BYTES = 4 << 20
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """What a context of a kubeconfig means."""

    context: str
    server: Server
    login: Login


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    content: Node

    def entries(self, kind: str, inner: str) -> Iterator[tuple[str, Node]]:
        for each in self.content.items(kind):
            yield each.text("name") or "", each.node(inner)


def choose(files: Sequence[Path], context: str) -> Choice:
    """What *context* means in *files*, of which the first that has a name wins.

    Raises:
        UsageError: none of the files is there, or none has the context; says which
            contexts there are.
        PermanentError: a file cannot be read, or what it says cannot be used.
    """
    found = [each for path in files if (each := _load(path)) is not None]
    if not found:
        raise UsageError(
            f"no kubeconfig: {', '.join(map(str, files))} is not there",
            hint="set KUBECONFIG, or kubeconfig: of the target's cluster",
        )
    _, chosen = _find(found, "contexts", "context", context)
    if chosen is None:
        raise _no_context(found, context)
    cluster, user = chosen.text("cluster") or "", chosen.text("user") or ""
    file, entry = _find(found, "clusters", "cluster", cluster)
    if entry is None:
        raise PermanentError(
            f"the context {show(context)} is of a cluster {show(cluster)!r}, which is"
            f" not in {_named(found)}"
        )
    server = parse_server(entry, file.path.parent)
    file, entry = _find(found, "users", "user", user)
    if entry is None and user:
        raise PermanentError(
            f"the context {show(context)} is of a user {show(user)!r}, who is not in"
            f" {_named(found)}"
        )
    entry = Node(None, "") if entry is None else entry
    return Choice(context, server, parse_login(entry, file.path.parent, user))


def _find(
    files: Sequence[_File], kind: str, inner: str, name: str
) -> tuple[_File, Node | None]:
    for file in files:
        for each, entry in file.entries(kind, inner):
            if each == name:
                return file, entry
    return files[0], None


def _no_context(files: Sequence[_File], context: str) -> UsageError:
    names = [name for file in files for name, _ in file.entries("contexts", "context")]
    shown = [show(name, 80) for name in dict.fromkeys(names)]
    there = ", ".join(shown[:_MOST_NAMED]) or "none at all"
    if len(shown) > _MOST_NAMED:
        there += f" and {len(shown) - _MOST_NAMED} more"
    return UsageError(
        f"no context {show(context)} in {_named(files)}; there are: {there}",
        hint="name one of them as cluster: {context: NAME}, or set KUBECONFIG to the"
        " file that has it",
    )


def _named(files: Sequence[_File]) -> str:
    return ", ".join(str(file.path) for file in files)


def _load(path: Path) -> _File | None:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PermanentError(
            f"the kubeconfig {path} cannot be read: {error.strerror}"
        ) from error
    if len(data) > _MAX_BYTES:
        raise PermanentError(f"{path} is no kubeconfig: longer than 4 MiB")
    try:
        value = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        # What stands there is not repeated: it may be a token.
        raise PermanentError(f"{path}{line}: not YAML") from None
    if value is not None and not isinstance(value, Mapping):
        raise PermanentError(f"{path} is no kubeconfig: not an object")
    return _File(path, Node(value, f"{path}: "))
