"""Unit tests of `sluicegate.gates.human`."""

from itertools import permutations

from sluicegate.gates.human import Humans
from sluicegate.model.policy import People


def known(**identities: str) -> People:
    return People({name: frozenset(text.split()) for name, text in identities.items()})


def test_somebody_unknown_is_what_they_call_themselves() -> None:
    assert Humans.known_to([]).behind(["Ann@Acme.org "]) == {"ann@acme.org"}


def test_a_person_is_all_their_identities_and_their_name() -> None:
    humans = Humans.known_to([known(Ann="ann@acme.org github:Ann", bob="bob@acme.org")])

    assert humans.behind(["GITHUB:ann"]) == {"ann", "ann@acme.org", "github:ann"}


def test_what_several_files_know_is_joined_in_whatever_order_they_come() -> None:
    lists = [
        known(a="one two", z="nine"),
        known(b="three four"),
        known(c="two three"),
    ]

    for some in permutations(lists):
        assert len(Humans.known_to(some).circles) == 2
        assert Humans.known_to(some).behind(["four"]) == {
            *("a", "b", "c"),
            *("one", "two", "three", "four"),
        }
        assert Humans.known_to(some).behind(["nine"]) == {"z", "nine"}


def test_whoever_has_two_identities_is_all_that_either_is() -> None:
    humans = Humans.known_to([known(ann="1 2", bob="3 4")])

    assert humans.behind(["1", "3"]) == {"ann", "1", "2", "bob", "3", "4"}


def test_one_file_is_enough_to_make_a_service() -> None:
    humans = Humans.known_to([People(), People(services=frozenset({"CI@acme.org"}))])

    assert humans.is_service("ci@acme.org")
    assert not humans.is_service("ann@acme.org")


def test_a_bot_is_a_service_where_nobody_lists_anything() -> None:
    assert Humans.known_to([]).is_service("renovate[bot]")
    assert not Humans.known_to([]).is_person("renovate[bot]")
    assert Humans.known_to([]).is_person("ann@acme.org")


def test_one_file_alone_cannot_call_somebody_no_person() -> None:
    service = People(services=frozenset({"bob@acme.org"}))

    assert Humans.known_to([service, People()]).is_person("bob@acme.org")
    assert not Humans.known_to([service, service]).is_person("bob@acme.org")


def test_somebody_is_called_as_the_first_file_that_lists_them_does() -> None:
    humans = Humans.known_to([known(bob="bob@acme.org"), known(ann="ann@acme.org")])

    assert humans.names(["ANN@acme.org", "ann", "eve@acme.org"]) == (
        "ann",
        "eve@acme.org",
    )
    assert Humans.known_to([]).names([]) == ()
