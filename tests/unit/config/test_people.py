"""Unit tests of `sluicegate.config.people`: who is who, and that it is one alone."""

import pytest
from policies import HEAD, problems

from sluicegate.config.people import Who

WHO = Who(
    people={"Ann": ("ann@acme.org", "github:ann"), "bob": ("bob@acme.org",)},
    services=("deploy@acme.org",),
    groups={"leads": ("ANN@acme.org", "bob"), "guests": ("zoe@example.org",)},
)


def test_a_group_holds_people_by_the_names_they_have() -> None:
    assert WHO.group("leads").members == {"Ann", "bob"}


def test_who_is_not_listed_is_known_by_each_identity() -> None:
    assert WHO.resolve(["@guests", "Yan@example.org"]) == {
        "zoe@example.org",
        "yan@example.org",
    }


def test_every_name_of_somebody_stands_for_the_same_person() -> None:
    assert WHO.resolve(["github:ann", "Ann", "@leads"]) == {"Ann", "bob"}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("people: {ann: [a@x], Ann: []}", "people.Ann: is the same name as 'ann'"),
        (
            "people: {ann: [a@x], bob: [A@X]}",
            "people.bob.0: 'A@X' is also an identity of 'ann'",
        ),
        (
            "people: {ann: [bob], bob: []}",
            "people.ann.0: 'bob' is also an identity of 'bob'",
        ),
        (
            "people: {ann: ['ci[bot]']}",
            "people.ann.0: 'ci[bot]' is a service or a bot, and so no person's",
        ),
        (
            "people: {ann: [a@x]}\nservices: [A@x]",
            "people.ann.0: 'a@x' is a service or a bot, and so no person's",
        ),
        (
            "people: {ann: []}\nservices: [ann]",
            "services.0: 'ann' is a person, and so no service",
        ),
        (
            "people: {ann: ['@leads']}",
            "people.ann.0: must be an identity, like ann@acme.org",
        ),
        (
            "people: {ann: [' a@x']}",
            'people.ann.0: must neither begin nor end with a space, not " a@x"',
        ),
        ("groups: {g: []}", "groups.g: must not be empty"),
        (
            "groups: {g: ['ci[bot]']}",
            "groups.g.0: 'ci[bot]' is no person: services and bots never count",
        ),
        (
            "services: [x@y]\ngroups: {g: [X@Y]}",
            "groups.g.0: 'X@Y' is no person: services and bots never count",
        ),
        (
            "groups: {g: ['@h'], h: [ann]}",
            "groups.g.0: must be a person: a group holds no other groups",
        ),
        (
            "people: {ann: []}\ngroups: {g: [anne]}",
            "groups.g.0: unknown person 'anne' (did you mean 'ann'?)",
        ),
        (
            "people: {ann: [a@x]}\ngroups: {g: [ann, a@x]}",
            "groups.g.1: 'ann' is already given",
        ),
    ],
)
def test_what_could_stand_for_another_or_for_nobody_is_refused(
    who: str, expected: str
) -> None:
    assert problems(f"{HEAD.partition('  staging')[0]}{who}\n") == (expected,)
