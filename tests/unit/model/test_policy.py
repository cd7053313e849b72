"""Unit tests of `sluicegate.model.policy`: who is who."""

from sluicegate.model.policy import People

PEOPLE = People(
    {
        "Ann": frozenset({"ann@acme.org", "github:ann"}),
        "bob": frozenset({"bob@acme.org", "shared@acme.org"}),
        "eve": frozenset({"Shared@acme.org"}),
    },
    frozenset({"Deploy@acme.org"}),
)


def test_every_identity_and_the_name_itself_stand_for_a_person() -> None:
    for identity in ("ANN@acme.org", " github:ann ", "ann", "Ann"):
        assert PEOPLE.named([identity]) == {"Ann"}


def test_an_identity_that_nobody_lists_is_a_person_called_like_it() -> None:
    assert PEOPLE.named(["Zoe@example.org"]) == {"zoe@example.org"}


def test_an_identity_of_two_names_both() -> None:
    assert PEOPLE.named(["shared@acme.org"]) == {"bob", "eve"}


def test_services_and_bots_are_nobody() -> None:
    assert PEOPLE.named(["deploy@ACME.org", "ci[bot]", "Ci[Bot]"]) == frozenset()
    assert PEOPLE.is_service("deploy@acme.org")
    assert not PEOPLE.is_service("ann@acme.org")


def test_what_is_found_by_makes_no_difference_to_who_they_are() -> None:
    again = People(dict(PEOPLE.identities), PEOPLE.services)

    assert again == PEOPLE
    assert "_names" not in repr(again)
