"""How many people are still missing, from which group, and who may step in. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sluicegate.model.policy import Group, normalise

_SHOWN = 8  # names in a line; the lines are kept in the log, whose entries are bounded


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a rule names, and what keeps them from a yes that counts.

    ``hindrance`` continues the name; it is empty if they may.
    """

    name: str
    hindrance: str


def describe_shortage(
    count: int,
    groups: tuple[Group, ...],
    voters: Sequence[frozenset[str]],
    candidates: Sequence[Candidate],
) -> tuple[str, ...]:
    """Say who is missing until *count* people said yes, a different one for each group.

    Args:
        count: how many people it takes, at least.
        groups: each needs somebody of its own.
        voters: who said yes, each by all their names.
        candidates: everybody who may at all.

    Returns:
        A line for each group without its person, and one for the rest; none if nobody
        is missing.
    """
    empty = _find_empty(groups, voters)
    lines = [
        _describe(1, f" of @{group.name.lstrip('@')}", _members(group, candidates))
        for group in empty
    ]
    rest = count - len(voters) - len(empty)
    if rest > 0:
        lines.append(_describe(rest, "", candidates))
    return tuple(lines)


def _find_empty(
    groups: tuple[Group, ...], voters: Sequence[frozenset[str]]
) -> list[Group]:
    """The groups without a person, when as many as possible have one of their own.

    A person stands for one group only. Augmenting paths (Kuhn 1955): somebody who
    already stands for a group makes room if another one can take their place.
    """
    members = [frozenset(map(normalise, group.members)) for group in groups]
    standing: dict[int, int] = {}  # voter: group

    def seat(group: int, asked: set[int]) -> bool:
        for voter, names in enumerate(voters):
            if voter in asked or names.isdisjoint(members[group]):
                continue
            asked.add(voter)
            if voter not in standing or seat(standing[voter], asked):
                standing[voter] = group
                return True
        return False

    return [group for at, group in enumerate(groups) if not seat(at, set())]


def _members(group: Group, candidates: Iterable[Candidate]) -> list[Candidate]:
    members = frozenset(map(normalise, group.members))
    return [one for one in candidates if normalise(one.name) in members]


def _describe(count: int, where: str, candidates: Sequence[Candidate]) -> str:
    able = [one.name for one in candidates if not one.hindrance]
    others = [f"{one.name} {one.hindrance}" for one in candidates if one.hindrance]
    lack = ""
    if not able:
        lack = ", but nobody who may is left"
    elif len(able) < count:
        lack = f", but only {len(able)} may"
    notes = [f"{_join(able)} may"] if able else []
    notes += [_join(others, "; ")] if others else []
    return f"{count} more{where}{lack} ({'; '.join(notes) or 'nobody is named'})"


def _join(texts: Sequence[str], between: str = ", ") -> str:
    shown = list(texts[:_SHOWN])
    if len(texts) > _SHOWN:
        shown.append(f"{len(texts) - _SHOWN} others")
    return between.join(shown)
