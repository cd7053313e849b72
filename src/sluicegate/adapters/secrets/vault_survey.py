"""Whether a login may do more than read the secrets that it is for.

The server itself says what a token may do at a path (``sys/capabilities-self``); so
nothing is tried, and nothing is read. It is asked for the paths that are meant, for
what else could be done with them, and for paths beside them that nobody has: a name of
our own behind a prefix finds every rule that ends in ``*``, one in the place of a
segment every ``+``.

Source:
    https://openbao.org/api-docs/system/capabilities-self/,
    https://openbao.org/docs/concepts/policies/ (capabilities, globs), and
    https://openbao.org/api-docs/secret/kv/kv-v2/ for what a path of the store does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hvac import Client  # type: ignore[import-untyped]

from sluicegate.adapters.secrets.vault_session import Session, show_span
from sluicegate.adapters.secrets.vault_wire import inside
from sluicegate.model.secret_access import Excess, Survey

_UNLIKELY = "sluicegate-check-3f9c1b7e"  # a name that nobody has given to a secret
_NOTHING = frozenset({"deny"})
_READ = frozenset({"read"})
_ROOT = "root"
_BATCH = 200  # paths a request
_BESIDE = "secrets that the file does not name"
_OF_STORE = (
    ("metadata", "its versions, and what is written about it"),
    ("delete", "deletes versions of it"),
    ("undelete", "brings versions of it back"),
    ("destroy", "destroys versions of it"),
    ("subkeys", "the names of its fields"),
)
_ELSEWHERE = (
    ("auth/token/create", "more tokens"),
    ("auth/token/create-orphan", "tokens that outlive it"),
    ("auth/token/lookup", "tokens of others"),
    (f"sys/policies/acl/{_UNLIKELY}", "what is allowed to whom"),
    (f"sys/auth/{_UNLIKELY}", "how people log in"),
    (f"sys/mounts/{_UNLIKELY}", "where secrets are kept"),
    (f"sys/raw/{_UNLIKELY}", "what is stored, as it is"),
    (f"identity/entity/name/{_UNLIKELY}", "who people are"),
)


@dataclass(frozen=True, slots=True)
class _Probe:
    """A path to ask about, how it is shown, and what may be done there."""

    path: str
    shown: str
    means: str
    needed: frozenset[str] = frozenset()

    def has(self, path: str) -> bool:
        """Whether what is shown is a pattern that has *path* in it."""
        pattern = re.escape(self.shown).replace(r"\+", "[^/]+").replace(r"\*", ".*")
        return re.fullmatch(pattern, path) is not None


@dataclass(frozen=True, slots=True)
class _Found:
    """What may be done at a probe, and should not."""

    probe: _Probe
    capabilities: frozenset[str]

    @property
    def told(self) -> Excess:
        may = ", ".join(sorted(self.capabilities))
        return Excess(self.probe.shown, f"{may}: {self.probe.means}")

    def is_in(self, others: Iterable["_Found"]) -> bool:
        """Whether one of *others* is wider, and says all of it."""
        return any(
            other is not self
            and self.capabilities <= other.capabilities
            and other.probe.has(self.probe.shown)
            and not self.probe.has(other.probe.shown)
            for other in others
        )


def survey(
    client: Client, session: Session, mount: str, paths: Sequence[str]
) -> Survey:
    """What *session* may do beside reading *paths* of the store at *mount*.

    Raises:
        RefusedError, CutError, PermanentError: as `vault_wire.WireAdapter`.
    """
    lasts = "for ever" if session.lease is None else show_span(session.lease)
    identity = f"policies {', '.join(session.policies) or 'none'}; lasts {lasts}"
    if _ROOT in session.policies:
        return Survey(identity, (Excess("*", "everything: it is root"),))
    groups = list(_groups(mount, paths))
    allowed = _allowed(client, sorted({p.path for group in groups for p in group}))
    found, unknown = dict[str, _Found](), dict[str, None]()
    for group in groups:
        for probe in group:
            may = allowed.get(probe.path)
            if may is None:
                unknown[f"what this login may do at {probe.shown}"] = None
            elif too_much := may - _NOTHING - probe.needed:
                found.setdefault(probe.shown, _Found(probe, too_much))
                break  # the others of a group are parts of it
    excess = [each.told for each in found.values() if not each.is_in(found.values())]
    return Survey(identity, tuple(excess), tuple(unknown))


def _groups(mount: str, paths: Sequence[str]) -> Iterator[Sequence[_Probe]]:
    """Probes in groups, the broadest of a group first."""
    anything = _Probe(f"{_UNLIKELY}/{_UNLIKELY}", "*", "everything")
    whole = _Probe(f"{mount}/{_UNLIKELY}/{_UNLIKELY}", f"{mount}/*", "all of the store")
    for path, means in _ELSEWHERE:
        shown = path.replace(_UNLIKELY, "*")
        yield (anything, _Probe(path, shown, means))
    other = _Probe(
        f"{_UNLIKELY}/data/{_UNLIKELY}", "+/data/*", "all secrets of other stores"
    )
    yield (anything, other)
    config = _Probe(f"{mount}/config", f"{mount}/config", "the settings of the store")
    yield (anything, whole, config)
    named = {f"{mount}/data/{path}" for path in paths}
    for path in dict.fromkeys(paths):
        own = f"{mount}/data/{path}"
        yield (anything, whole, _Probe(own, own, "this secret", _READ))
        for part, means in _OF_STORE:
            at = f"{mount}/{part}/{path}"
            yield (anything, whole, _Probe(at, at, means))
        for part in ("data", "metadata"):
            beside = _beside(f"{mount}/{part}", path)
            yield (anything, whole, *(p for p in beside if p.path not in named))


def _beside(base: str, path: str) -> Iterator[_Probe]:
    """Paths that nobody has, each found by another kind of rule."""
    segments = path.split("/")
    for depth in range(len(segments)):
        above = "/".join((base, *segments[:depth]))
        yield _Probe(f"{above}/{_UNLIKELY}", f"{above}/*", _BESIDE)
        if base.endswith("/metadata"):  # of the others there are no lists
            yield _Probe(f"{above}/", f"{above}/", "names of secrets")
        if depth:  # a secret may have the name of a folder
            yield _Probe(above, above, _BESIDE)
    for end, shown in ((f"-{_UNLIKELY}", "*"), (f"/{_UNLIKELY}", "/*")):
        yield _Probe(f"{base}/{path}{end}", f"{base}/{path}{shown}", _BESIDE)
    for place in range(len(segments)):
        before, after = segments[:place], segments[place + 1 :]
        other = "/".join((base, *before, _UNLIKELY, *after))
        shown = "/".join((base, *before, "+", *after))
        yield _Probe(other, shown, _BESIDE)


def _allowed(client: Client, paths: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """What may be done at each of *paths*, where the server says it."""
    found: dict[str, frozenset[str]] = {}
    for start in range(0, len(paths), _BATCH):
        asked = paths[start : start + _BATCH]
        answer = inside(client.sys.get_capabilities(paths=list(asked)), "data")
        for path in asked:
            names = answer.get(path)
            if isinstance(names, list) and names:
                found[path] = frozenset(str(each) for each in names)
    return found
