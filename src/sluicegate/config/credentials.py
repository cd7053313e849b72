"""No credentials in a file: whoever can read the code can read it.

What looks like one is taken out before anything else is looked at, so that no problem
of the file can repeat it: problems end up in logs that more people can read.
"""

from collections.abc import Collection, Iterator

from sluicegate.config.check import Checker
from sluicegate.config.credential_advice import advise, advise_of_key
from sluicegate.config.tree import Entry, Items, Leaf, Node, Path, Table, child, find
from sluicegate.model.credential import (
    HIDDEN,
    holds_credential,
    is_reference,
    is_secret_name,
)

HINT = (
    "what was committed is known to whoever has read the code: have a new one made, and"
    " the old one revoked"
)

_TABLES = frozenset(("args", "env", "service_env", "headers", "labels"))
"""Tables of a stage whose keys its author chooses."""

_LOGIN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


def check_credentials(checker: Checker) -> bool:
    """Report everything that looks like a credential, and take it out of the tree.

    By its own shape wherever it stands, as a value or as a key; by the name that it
    goes by where the author of the file has chosen that name. What the file names
    under ``public`` is none.

    Returns:
        Whether there was any, and not the name of one alone, like ``$TOKEN``.

    Raises:
        EnoughError: there are more problems than anybody mends in one go.
    """
    original = checker.root
    public = _words(child(original, "public"))
    found = tuple(_find(original, (), public))
    keys = tuple(_find_keys(original, ()))
    root = _without(original, (), frozenset(found))
    assert isinstance(root, Table)
    checker.root, explain = root, advise(root)
    for path in keys:
        checker.settle(path, advise_of_key())
    names = [path for path in found if _is_name(find(original, path).node)]
    for path in found:
        checker.settle(_shown(path), explain(_shown(path), path in names))
    return bool(keys) or len(names) < len(found)


def _is_name(node: Node) -> bool:
    """Whether it holds nothing but names of what is nowhere put in."""
    return isinstance(node, Leaf) and is_reference(str(node.value))


def _find(node: Node, path: Path, public: Collection[str]) -> Iterator[Path]:
    """The places of values that look like credentials."""
    match node:
        case Leaf(value=value):
            if _is_credential(path, value, public):
                yield path
        case Items(items=items):
            for index, item in enumerate(items):
                yield from _find(item, (*path, index), public)
        case Table(entries=entries):
            for key, entry in entries.items():
                yield from _find(entry.node, (*path, key), public)


def _find_keys(node: Node, path: Path) -> Iterator[Path]:
    """The places of keys that look like credentials, as they are shown."""
    match node:
        case Items(items=items):
            for index, item in enumerate(items):
                yield from _find_keys(item, (*path, index))
        case Table(entries=entries):
            for key, entry in entries.items():
                shown = (*path, _shown_key(key))
                if holds_credential(key):
                    yield shown
                yield from _find_keys(entry.node, shown)
        case Leaf():
            pass


def _is_credential(path: Path, value: object, public: Collection[str]) -> bool:
    if value is None or isinstance(value, bool) or value == "":
        return False
    name = path[-1] if path else ""
    if is_chosen(path) and isinstance(name, str):
        if name in public:
            return False
        if name.lower() in _LOGIN_HEADERS or is_secret_name(name):
            return True
    return isinstance(value, str) and holds_credential(value)


def is_chosen(path: Path) -> bool:
    """Whether the last key of *path* is one that the author of the file has chosen."""
    match path:
        case ("stages", _, str(table), _):
            return table in _TABLES
        case ("environments", _, "target", "env", _):
            return True
        case _:
            return False


def _without(node: Node, path: Path, places: Collection[Path]) -> Node:
    """*node* with nothing but asterisks at *places*, and in keys that are none."""
    match node:
        case Leaf(line=line):
            return Leaf(line, HIDDEN) if path in places else node
        case Items(line=line, items=items):
            kept = (
                _without(item, (*path, index), places)
                for index, item in enumerate(items)
            )
            return Items(line, tuple(kept))
        case Table(line=line, entries=entries):
            table = {
                _shown_key(key): Entry(
                    entry.line, _without(entry.node, (*path, key), places)
                )
                for key, entry in entries.items()
            }
            return Table(line, table)


def _shown(path: Path) -> Path:
    return tuple(_shown_key(key) if isinstance(key, str) else key for key in path)


def _shown_key(key: str) -> str:
    return HIDDEN if holds_credential(key) else key


def _words(node: Node | None) -> frozenset[str]:
    items = node.items if isinstance(node, Items) else ()
    return frozenset(str(each.value) for each in items if isinstance(each, Leaf))
