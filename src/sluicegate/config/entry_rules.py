"""Whether the rules of an environment can be satisfied at all, by what a file says."""

from collections.abc import Iterable, Mapping, Sequence

from sluicegate.config.check import Checker
from sluicegate.config.graph import find_circle
from sluicegate.config.people import GROUP, Who, check_names
from sluicegate.config.tree import Path
from sluicegate.config.wording import suggest
from sluicegate.model.policy import ACCOUNT, Group, normalise
from sluicegate.stages.release_rules import Approvals, Override, ReleaseRules


def check_people_of(
    checker: Checker, who: Who, path: Path, rules: ReleaseRules
) -> None:
    """Report names that stand for nobody, and more people than there are."""
    if rules.approvals is not None:
        _check_approvals(checker, who, (*path, "approvals"), rules.approvals)
    if rules.override is not None:
        _check_override(checker, who, (*path, "override"), rules.override)


def approvers(who: Who, approvals: Approvals) -> frozenset[str]:
    """Whose yes may count; the names of *approvals* must be known."""
    return who.resolve(
        approvals.one_of_each if approvals.from_ is None else approvals.from_
    )


def groups_of(who: Who, approvals: Approvals) -> tuple[Group, ...]:
    """The groups of each of which somebody is needed, likewise."""
    names = dict.fromkeys(name.removeprefix(GROUP) for name in approvals.one_of_each)
    return tuple(who.group(name) for name in names)


def check_order(
    checker: Checker, environments: Mapping[str, ReleaseRules], known: Iterable[str]
) -> None:
    """Report environments that come after what is not *known*, or after each other."""
    names = list(known)
    needs = dict.fromkeys(names, ()) | {
        name: tuple(each for each in rules.after if each in names)
        for name, rules in environments.items()
    }
    for name, rules in environments.items():
        for other in rules.after:
            path: Path = ("environments", name, "after", other)
            if other == name:
                checker.report(path, "an environment cannot come after itself")
            elif other not in names:
                others = [each for each in names if each != name]
                message = f"unknown environment {other!r}{suggest(other, others)}"
                checker.report(path, message)
    circle = find_circle(needs)
    if len(circle) > 1:
        message = f"environments {', '.join(circle)} wait for each other"
        checker.report(("environments", circle[0], "after"), message)


def _check_approvals(
    checker: Checker, who: Who, path: Path, approvals: Approvals
) -> None:
    if approvals.from_ is None and not approvals.one_of_each:
        checker.report(path, "'from' is missing: who may say yes?")
        return
    is_known = _check_groups(checker, who, path, approvals.one_of_each)
    if approvals.from_ is not None and not check_names(
        checker, who, (*path, "from"), approvals.from_, groups=True
    ):
        return
    if not is_known:
        return
    allowed = approvers(who, approvals)
    _check_count(checker, (*path, "count"), approvals.count, allowed)
    _check_ways(checker, who, (*path, "by"), approvals, allowed)
    groups = groups_of(who, approvals)
    for group in groups:
        if not group.members & allowed:
            index = approvals.one_of_each.index(f"{GROUP}{group.name}")
            message = f"nobody of {GROUP}{group.name} is in from"
            checker.report((*path, "one_of_each", index), message)
            return
    if not can_be_one_of_each(allowed, groups):
        message = "needs somebody else for each group, and there are too few people"
        checker.report((*path, "one_of_each"), message)


def _check_ways(
    checker: Checker,
    who: Who,
    path: Path,
    approvals: Approvals,
    allowed: frozenset[str],
) -> None:
    """Report people who could answer twice, or not at all, in the ways given."""
    if approvals.by == ("signature",):
        return
    people = who.as_people().identities
    known = {
        name: {normalise(each) for each in (name, *people.get(name, ()))}
        for name in sorted(allowed)
    }
    if "signature" not in approvals.by:
        for name, identities in known.items():
            if not any(each.startswith(ACCOUNT) for each in identities):
                message = f'{name!r} has no account: list "{ACCOUNT}LOGIN" under people'
                checker.report(path, message)
    elif approvals.count > 1 or len(approvals.one_of_each) > 1:
        for name in known:
            if name not in people:
                message = (
                    f"{name!r} may sign, and answer by an account, too: list who that"
                    " is under people, or somebody could count for two"
                )
                checker.report(path, message)


def _check_override(checker: Checker, who: Who, path: Path, override: Override) -> None:
    if check_names(checker, who, (*path, "from"), override.from_, groups=True):
        allowed = who.resolve(override.from_)
        _check_count(checker, (*path, "count"), override.count, allowed)


def _check_groups(checker: Checker, who: Who, path: Path, names: Sequence[str]) -> bool:
    place: Path = (*path, "one_of_each")
    is_right = True
    for index, name in enumerate(names):
        plain = name.removeprefix(GROUP)
        if plain == name:
            hint = f": write {GROUP}{name}" if name in who.groups else ""
            message = f"{name!r} is no group{hint}"
        elif plain not in who.groups:
            message = f"unknown group {plain!r}{suggest(plain, who.groups)}"
        elif name in names[:index]:
            message = f"{name!r} is already given"
        else:
            continue
        is_right = False
        checker.report((*place, index), message)
    return is_right


def _check_count(
    checker: Checker, path: Path, count: int, allowed: frozenset[str]
) -> None:
    if count > len(allowed):
        there = "is only 1" if len(allowed) == 1 else f"are only {len(allowed)}"
        checker.report(path, f"wants {count} people, but there {there} in from")


def can_be_one_of_each(allowed: frozenset[str], groups: Sequence[Group]) -> bool:
    """Whether each of *groups* can have somebody of *allowed* of its own.

    Source:
        Kuhn, The Hungarian Method for the assignment problem (1955): a group takes
        somebody who is free, or whom another group can do without.
    """
    taken: dict[str, int] = {}

    def place(index: int, tried: set[str]) -> bool:
        for person in sorted(groups[index].members & allowed):
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or place(taken[person], tried):
                taken[person] = index
                return True
        return False

    return all(place(index, set()) for index in range(len(groups)))
