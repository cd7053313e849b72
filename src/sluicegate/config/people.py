"""Who is who in a file: people and their identities, services, groups.

A name of one file means nothing in another: who approves under a file's rules is
settled by that file alone. A project that could map an identity to somebody in the
organisation's group would put itself into that group.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from sluicegate.config.check import Checker
from sluicegate.config.tree import Path
from sluicegate.config.wording import suggest
from sluicegate.model.policy import Group, People, normalise
from sluicegate.stages.release_rules import Name
from sluicegate.stages.stage import Settings

GROUP = "@"
"""What the name of a group starts with where people may stand, too."""

_PERSON = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_GROUP = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$"


class Who(Settings):
    """The people, services and groups that the rules of a file may name."""

    people: dict[Annotated[str, Field(pattern=_PERSON)], tuple[Name, ...]] = Field(
        default_factory=dict,
        description="Identities of each person, like {ann: [ann@acme.org,"
        ' "github:ann"]}. Who is not listed is known by each identity alone.',
    )
    services: tuple[Name, ...] = Field(
        (), description="Identities that are no person's and never count."
    )
    groups: dict[
        Annotated[str, Field(pattern=_GROUP)],
        Annotated[tuple[Name, ...], Field(min_length=1)],
    ] = Field(
        default_factory=dict,
        description="People by group, like {ml-leads: [ann, bob]}.",
    )

    def as_people(self) -> People:
        """Who is who, as values."""
        identities = {name: frozenset(known) for name, known in self.people.items()}
        return People(identities, frozenset(self.services))

    def group(self, name: str) -> Group:
        """The group *name*, which must exist, its members by the names they have."""
        return Group(name, self.as_people().named(self.groups[name]))

    def resolve(self, names: Iterable[str]) -> frozenset[str]:
        """The people that *names* stand for; groups start with `GROUP`."""
        found: list[str] = []
        for name in names:
            is_group = name.startswith(GROUP)
            found += self.groups[name.removeprefix(GROUP)] if is_group else (name,)
        return self.as_people().named(found)


def check_who(checker: Checker, who: Who) -> None:
    """Report an identity that is not one person's alone, and groups of no people."""
    _check_identities(checker, who)
    for name, members in who.groups.items():
        check_names(checker, who, ("groups", name), members, groups=False)


def check_names(
    checker: Checker, who: Who, path: Path, names: Iterable[str], *, groups: bool
) -> bool:
    """Report each of *names* at *path* that stands for nobody; whether none does.

    Args:
        checker: takes the problems.
        who: the people and groups there are.
        path: where *names* stand, as a list.
        names: people, identities, and groups if *groups* are welcome.
        groups: whether they are.
    """
    problems = list(_name_problems(who, names, groups=groups))
    for index, message in problems:
        checker.report((*path, index), message)
    return not problems


def _name_problems(
    who: Who, names: Iterable[str], *, groups: bool
) -> Iterator[tuple[int, str]]:
    people, known = who.as_people(), frozenset(map(normalise, who.people))
    seen: dict[str, str] = {}
    for index, name in enumerate(names):
        plain = name.removeprefix(GROUP)
        if name.startswith(GROUP) and not groups:
            yield index, "must be a person: a group holds no other groups"
        elif name.startswith(GROUP) and plain not in who.groups:
            yield index, f"unknown group {plain!r}{suggest(plain, who.groups)}"
        elif name.startswith(GROUP):
            continue
        elif people.is_service(name):
            yield index, f"{name!r} is no person: services and bots never count"
        elif _is_slip(who, known, name):
            hint = suggest(name, who.people)
            if name in who.groups:
                hint = f": write {GROUP}{name} for the group" if groups else ""
            yield index, f"unknown person {name!r}{hint}"
        else:
            person = min(people.named([name]))  # of two, where that is a slip itself
            if person in seen:
                yield index, f"{seen[person]!r} is already given"
            seen[person] = person


def _is_slip(who: Who, known: frozenset[str], name: str) -> bool:
    """Whether it is a bare name that the file does not explain, though it could."""
    if not (who.people or name in who.groups) or "@" in name or ":" in name:
        return False
    return normalise(name) not in known


def _check_identities(checker: Checker, who: Who) -> None:
    """Report what two share: one of them could say yes for both."""
    owners: dict[str, str] = {}
    for name in who.people:
        path: Path = ("people", name)
        if normalise(name) in owners:
            checker.report(path, f"is the same name as {owners[normalise(name)]!r}")
        owners.setdefault(normalise(name), name)
    for index, service in enumerate(who.services):
        if normalise(service) in owners:
            message = f"{service!r} is a person, and so no service"
            checker.report(("services", index), message)
    people = _services_only(who.services)
    for name, identities in who.people.items():
        for index, identity in enumerate(identities):
            path = ("people", name, index)
            plain = normalise(identity)
            owner = owners.setdefault(plain, name)
            if identity.startswith(GROUP):
                checker.report(path, "must be an identity, like ann@acme.org")
            elif owner != name:
                checker.report(path, f"{identity!r} is also an identity of {owner!r}")
            elif people.is_service(identity):
                message = f"{identity!r} is a service or a bot, and so no person's"
                checker.report(path, message)


def _services_only(services: Iterable[str]) -> People:
    nobody: Mapping[str, frozenset[str]] = {}
    return People(nobody, frozenset(services))
