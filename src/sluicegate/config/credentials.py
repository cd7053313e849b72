"""No credentials in a pipeline file: whoever can read the code can read it."""

from collections.abc import Collection, Iterator

from sluicegate.config.check import Checker
from sluicegate.config.tree import Leaf, Path, Table, child
from sluicegate.model.credential import is_secret_name, is_secret_value

_BUILD_ARGUMENTS = "args"
_OF_SERVICES = ("service_env", "headers")  # what a container gets, and is sent
_LOGIN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


def check_credentials(checker: Checker) -> None:
    """Report every argument, variable and header that looks like a credential.

    The value is not repeated: problems end up in logs that more people can read. What
    the file names under ``public`` is none.
    """
    public = set(_names(checker, "public"))
    for path, table in _variables(checker):
        for name, entry in table.entries.items():
            value = entry.node.value if isinstance(entry.node, Leaf) else None
            text = "" if value is None or isinstance(value, bool) else str(value)
            if text and _is_credential(name, text, public):
                checker.report((*path, name), _explain(path, name))


def _variables(checker: Checker) -> Iterator[tuple[Path, Table]]:
    """The tables of arguments, variables and headers, and their places."""
    for name in _names(checker, "stages"):
        for key in (_BUILD_ARGUMENTS, "env", *_OF_SERVICES):
            yield from _table(checker, ("stages", name, key))
    for name in _names(checker, "environments"):
        yield from _table(checker, ("environments", name, "target", "env"))


def _table(checker: Checker, path: Path) -> Iterator[tuple[Path, Table]]:
    node = checker.root.entries[str(path[0])].node
    for key in path[1:]:
        found = child(node, str(key))
        if found is None:
            return
        node = found
    if isinstance(node, Table):
        yield path, node


def _names(checker: Checker, key: str) -> tuple[str, ...]:
    """The keys of the table *key*, or the words of the list."""
    entry = checker.root.entries.get(key)
    match entry.node if entry is not None else None:
        case Table(entries=entries):
            return tuple(entries)
        case None | Leaf():
            return ()
        case items:
            leaves = (each for each in items.items if isinstance(each, Leaf))
            return tuple(str(each.value) for each in leaves)


def _is_credential(name: str, value: str, public: Collection[str]) -> bool:
    if name in public:
        return False
    is_login = name.lower() in _LOGIN_HEADERS
    return is_login or is_secret_name(name) or is_secret_value(value)


def _explain(path: Path, name: str) -> str:
    if path[-1] == _BUILD_ARGUMENTS:
        instead = (
            "an image keeps its build arguments; give it as `secrets: {ID: {env:"
            f" {name}}}}}` and mount it with RUN --mount=type=secret,id=ID"
        )
    elif path[-1] in _OF_SERVICES:
        instead = "let the service start and answer without one when it is tested"
    elif path[0] == "stages":
        instead = f"leave it out here and export {name} where `sluice run` is started"
    else:
        instead = "let the service read it from a file or a secret store of its host"
    return (
        f"looks like a credential, and this file is no place for one: {instead}"
        f" (if it is none, say so at the top: `public: [{name}]`)"
    )
