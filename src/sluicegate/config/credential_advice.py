"""What to do with a credential that stands in a file: by its place."""

import re
from collections.abc import Callable
from functools import partial

from sluicegate.config.secrets_variables import refuse_variable
from sluicegate.config.tree import Leaf, Path, Table, child
from sluicegate.stages.secrets.settings import VARIABLE_PATTERN

_NO_PLACE = "looks like a credential, and this file is no place for one"
_NOTHING_PUT_IN = "nothing is put in here for what this names"
_USUAL = "API_TOKEN"  # where nothing says how to call it
_CHOSEN = " (if it is none, say so at the top: `public: [NAME]`)"
_LOGIN = (
    "say where it is, and never what it is: auth: {bearer: {env: VARIABLE}}; an address"
    " has no login"
)
_BUILD = (
    "an image keeps its build arguments; give it as `secrets: {ID: {env: NAME}}` and"
    " mount it with RUN --mount=type=secret,id=ID"
)
_SERVICE = "let the service start and answer without one when it is tested"
_TARGET = "let the service read it from a file or a secret store of its host"
_WEBHOOK = (
    "put it into an environment variable and name that one, like {env:"
    " SLACK_WEBHOOK_URL}"
)
_GIT = (
    "leave it out, since Git asks its credential helper for it, and the tools of a"
    " bucket their own variables"
)
_LABELS = "leave it out, since everybody reads labels"
_PROVIDER = (
    "leave it out, since sluicegate logs in with a token of the workflow, or with what"
    " the variable holds that secret_id_env names"
)

_PLACES: tuple[tuple[tuple[str | None, ...], str], ...] = (
    (("stages", None, "args", None), _BUILD + _CHOSEN),
    (("stages", None, "service_env", None), _SERVICE + _CHOSEN),
    (("stages", None, "headers", None), _SERVICE + _CHOSEN),
    (
        ("stages", None, "labels", None),
        "leave it out: everybody reads labels" + _CHOSEN,
    ),
    (("environments", None, "target", "env", None), _TARGET + _CHOSEN),
    (
        ("stages", None, "secrets"),
        "say where it is, and never what it is: {env: VARIABLE} or {file: ~/a/file}",
    ),
    (("stages", None, "metrics"), _LOGIN),
    (("stages", None, "champion"), _LOGIN),
    (("environments", None, "target", "counts"), _LOGIN),
    (("notify",), _WEBHOOK),
    (("extends",), _GIT),
    (("audit",), _GIT),
    (("secrets", "providers"), _PROVIDER),
    (("secrets",), "say who keeps it and where, and never what it is"),
    (("public",), "name the argument or variable, and never what it holds"),
)
"""What to do instead, by the beginning of the path; None is any key."""


def advise(root: Table) -> Callable[[Path, bool], str]:
    """What to say of a credential at a path of the file *root*.

    The second argument is whether it is only the name of one, like ``$TOKEN``.
    """
    return partial(_explain, _provider(root))


def advise_of_key() -> str:
    """What to say of a key that is one."""
    return "this key looks like a credential: a file holds none, and a key least of all"


def _explain(provider: tuple[str, bool], path: Path, is_name: bool) -> str:  # noqa: FBT001 - a callable's
    what = _NOTHING_PUT_IN if is_name else _NO_PLACE
    return f"{what}: {_instead(provider, path)}"


def _instead(provider: tuple[str, bool], path: Path) -> str:
    name = next((key for key in reversed(path) if isinstance(key, str)), "")
    for place, said in _PLACES:
        if _begins(path, place):
            return said.replace("NAME", name)
    match path:
        case ("stages", str(stage), "env", _):
            lines = _two_lines(provider, name, stage)
            return f"leave it out, and {lines}{_CHOSEN.replace('NAME', name)}"
        case ("stages", str(stage), _, *_):
            lines = _two_lines(provider, _USUAL, stage)
            return f"write ${_USUAL} in its place, and {lines}"
        case _:
            return "leave it out"


def _begins(path: Path, place: tuple[str | None, ...]) -> bool:
    return len(path) >= len(place) and all(
        wanted in (None, part) for wanted, part in zip(place, path, strict=False)
    )


def _two_lines(provider: tuple[str, bool], name: str, stage: str) -> str:
    """How to name a secret for *stage*, in the words of the file."""
    if not re.fullmatch(VARIABLE_PATTERN, name) or refuse_variable(name) is not None:
        name = _USUAL
    known, is_variable = provider
    path = name if is_variable else "PATH"
    use = f"{{{name}: {{from: {known or 'here'}, path: {path}, stages: [{stage}]}}}}"
    first = "" if known else "providers: {here: {uses: environment}}, "
    return f"name it at the top: `secrets: {{{first}use: {use}}}`"


def _provider(root: Table) -> tuple[str, bool]:
    """A provider of the file, and whether its paths are names of variables."""
    secrets = child(root, "secrets")
    providers = None if secrets is None else child(secrets, "providers")
    if not isinstance(providers, Table) or not providers.entries:
        return "", True
    name, entry = next(iter(providers.entries.items()))
    uses = child(entry.node, "uses")
    kind = uses.value if isinstance(uses, Leaf) else None
    return name, kind in ("environment", "github")
