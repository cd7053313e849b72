"""What a checkup says of the people whom environments ask for. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.gates.known import rank_identity
from sluicegate.gates.readiness import Reach
from sluicegate.model.policy import People
from sluicegate.report.checkup import Check, State

_SHOWN = 8  # names in a line, people without keys


@dataclass(frozen=True, slots=True)
class Signers:
    """The file of keys that count: its ``path``, and the branch that it is read at."""

    path: str
    branch: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What one file asks of people for an environment, and how far it can be given.

    ``count`` people of ``allowed`` must approve; ``own`` is how it stands with releases
    that whoever uses this machine asks for. ``glass`` is None where it cannot be
    broken. ``people`` are those of the file, which is called ``source``.
    """

    environment: str
    source: str
    people: People
    count: int
    allowed: frozenset[str]
    reach: Reach
    own: Reach
    glass: Reach | None = None


def approval_checks(asked: Sequence[Asked], signers: Signers) -> Iterator[Check]:
    """Whether enough people with keys are there, for each environment and file."""
    for each in asked:
        yield _approvals(each, signers)
        if each.reach.is_enough and not each.own.is_enough:
            yield Check(
                f"approvals of {each.environment}",
                State.WARNING,
                where=f"nobody could approve a release that you ask for: "
                f"{'; '.join(each.own.missing)}",
                advice="have runs started by others, or by a service; or ask for fewer"
                f" people in {each.source}",
            )
        if each.glass is not None and not each.glass.is_enough:
            yield Check(
                f"override of {each.environment}",
                State.WARNING,
                where=f"nobody could break the glass: {'; '.join(each.glass.missing)}",
                advice=_add(signers),
            )


def _approvals(asked: Asked, signers: Signers) -> Check:
    name = f"approvals of {asked.environment}"
    wants = f"{asked.count} of {len(asked.allowed)}"
    by = f" ({asked.source})"
    if asked.reach.is_enough:
        have = "has a key" if len(asked.reach.ready) == 1 else "have keys"
        where = f"{_join(asked.reach.ready)} {have}{by}"
        return Check(name, State.FOUND, wants, where)
    where = f"never enough: {'; '.join(asked.reach.missing)}{by}"
    return Check(name, State.MISSING, wants, where, _add(signers))


def _add(signers: Signers) -> str:
    return f"have their keys added to {signers.path} at {signers.branch}"


@dataclass
class _Lack:
    identity: str
    may: dict[str, None] = field(default_factory=dict)


def key_checks(asked: Iterable[Asked], signers: Signers) -> Iterator[Check]:
    """Whoever may approve or override, and has no key that counts: one check each."""
    lacks: dict[tuple[str, str], _Lack] = {}
    for each in asked:
        glass: Mapping[str, str] = each.glass.lacking if each.glass else {}
        for verb, lacking in (("approve", each.reach.lacking), ("override", glass)):
            for name, why in lacking.items():
                lack = lacks.setdefault(
                    (name, why), _Lack(_write_to(name, each.people))
                )
                lack.may[f"{verb} {each.environment}"] = None
    for (name, why), lack in list(lacks.items())[:_SHOWN]:
        yield _key_check(name, why, lack, signers)
    if len(lacks) > _SHOWN:
        rest = _join([name for name, _ in list(lacks)[_SHOWN:]])
        yield Check(
            "other keys",
            State.WARNING,
            where=f"{rest} may approve or override, and have no key that counts",
            advice=_add(signers),
        )


def _key_check(name: str, why: str, lack: _Lack, signers: Signers) -> Check:
    may = f"{name} may {_join(list(lack.may))}"
    if why:
        where = f"{may}, and has no key that counts: {why}"
        advice = f"mend that in {signers.path} at {signers.branch}"
    else:
        where = f"{may}, and has no key in {signers.path}"
        advice = f"add there, at {signers.branch}: {signer_line(lack.identity)}"
    return Check(f"key of {name}", State.WARNING, where=where, advice=advice)


def signer_line(identity: str, public: str = "ssh-ed25519 AAAA...") -> str:
    """The line of ``allowed_signers`` that lets *identity* approve."""
    return f'{identity} namespaces="sluicegate-*" {public}'


def _write_to(name: str, people: People) -> str:
    """What stands for *name* in ``allowed_signers``: an address of mail, if known."""
    known = sorted(people.identities.get(name, ()), key=rank_identity)
    return known[0] if known else name


def _join(texts: Sequence[str]) -> str:
    shown = list(texts[:_SHOWN])
    if len(texts) > _SHOWN:
        shown.append(f"{len(texts) - _SHOWN} others")
    if len(shown) == 1:
        return shown[0]
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if shown else "nobody"
