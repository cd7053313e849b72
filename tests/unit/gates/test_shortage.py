"""Unit tests of `sluicegate.gates.shortage`."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.shortage import Candidate, describe_shortage
from sluicegate.model.policy import Group

NAMES = ("ann", "bob", "dan", "eve")
ALL = tuple(Candidate(name, "") for name in NAMES)


def group(name: str, *members: str) -> Group:
    return Group(name, frozenset(members))


def voters(*names: str) -> list[frozenset[str]]:
    return [frozenset({name}) for name in names]


def test_nobody_is_missing_when_enough_said_yes() -> None:
    assert describe_shortage(2, (), voters("ann", "bob"), ALL) == ()


def test_who_may_is_named_and_so_is_who_may_not_and_why() -> None:
    candidates = [
        Candidate("ann", "may not: author of 3f2a91c"),
        Candidate("bob", ""),
        Candidate("dan", "said yes already"),
        Candidate("eve", ""),
    ]

    assert describe_shortage(2, (), voters("dan"), candidates) == (
        "1 more (bob, eve may; ann may not: author of 3f2a91c; dan said yes already)",
    )


def test_a_group_without_its_person_is_named_with_those_of_it_alone() -> None:
    leads, security = group("leads", "ann", "bob"), group("@security", "Eve")

    lines = describe_shortage(2, (leads, security), voters("ann"), ALL)

    assert lines == ("1 more of @security (eve may)",)


def test_people_beyond_those_of_the_groups_are_asked_for_once() -> None:
    lines = describe_shortage(3, (group("security", "eve"),), voters("ann"), ALL)

    assert lines == ("1 more of @security (eve may)", "1 more (ann, bob, dan, eve may)")


def test_one_person_does_not_stand_for_two_groups() -> None:
    both = (group("leads", "eve"), group("security", "eve", "dan"))

    assert describe_shortage(1, both, voters("eve"), ALL) == (
        "1 more of @security (dan, eve may)",
    )
    assert describe_shortage(1, both, voters("eve", "dan"), ALL) == ()


def test_whoever_fits_two_groups_makes_room_for_whoever_fits_one() -> None:
    groups = (group("a", "ann", "bob"), group("b", "ann", "dan"), group("c", "dan"))

    for order in permutations(("ann", "bob", "dan")):
        for asked in permutations(groups):
            assert describe_shortage(3, asked, voters(*order), ALL) == ()


def test_too_few_who_may_are_counted() -> None:
    candidates = [Candidate("ann", ""), Candidate("bob", "may not: author of 3f2a91c")]

    assert describe_shortage(2, (), [], candidates) == (
        "2 more, but only 1 may (ann may; bob may not: author of 3f2a91c)",
    )


def test_it_is_said_when_nobody_who_may_is_left() -> None:
    candidates = [Candidate("ann", "may not: author of 3f2a91c")]

    assert describe_shortage(1, (), [], candidates) == (
        "1 more, but nobody who may is left (ann may not: author of 3f2a91c)",
    )
    assert describe_shortage(1, (), [], []) == (
        "1 more, but nobody who may is left (nobody is named)",
    )


def test_a_long_list_of_people_is_cut() -> None:
    many = [Candidate(f"p{at}", "") for at in range(11)]

    assert describe_shortage(1, (), [], many) == (
        "1 more (p0, p1, p2, p3, p4, p5, p6, p7, 3 others may)",
    )


@pytest.mark.parametrize("count", [8, 9])
def test_eight_people_are_all_shown_and_nine_are_not(count: int) -> None:
    many = [Candidate(f"p{at}", "") for at in range(count)]

    (line,) = describe_shortage(1, (), [], many)

    assert ("others" in line) == (count > 8)


@given(
    st.lists(st.frozensets(st.sampled_from(NAMES)), max_size=4),
    st.lists(st.frozensets(st.sampled_from(NAMES), min_size=1), max_size=4),
)
def test_as_many_groups_as_possible_have_a_person_of_their_own(
    members: list[frozenset[str]], said_yes: list[frozenset[str]]
) -> None:
    groups = tuple(Group(str(at), names) for at, names in enumerate(members))

    lines = describe_shortage(0, groups, said_yes, ALL)

    seats = [*range(len(said_yes)), *[None] * len(groups)]
    most = max(
        sum(
            voter is not None and bool(said_yes[voter] & one.members)
            for voter, one in zip(seating, groups, strict=True)
        )
        for seating in set(permutations(seats, len(groups)))
    )
    assert len(lines) == len(groups) - most
