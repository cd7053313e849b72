"""Unit tests of `sluicegate.gates.linking`: authors, and the accounts they have."""

from dataclasses import replace

import pytest
from hearings import PEOPLE, REQUEST, says

from sluicegate.gates.human import Humans
from sluicegate.gates.linking import find_bars, find_unlinked, list_untied
from sluicegate.model.policy import Part, People
from sluicegate.model.release_request import Approval, Change, ReleaseRequest

AUTHORS = frozenset({Part.AUTHOR})
HUMANS = Humans.known_to([PEOPLE])
COMMIT = "3f2a91c" + "0" * 33


def made_by(*identities: str) -> ReleaseRequest:
    """A request for a commit by these people."""
    return replace(REQUEST, changes=(Change(COMMIT, identities),))


def tells(*accounts: tuple[str, str]) -> Approval:
    """An answer with what the host says of addresses."""
    return replace(says("github:bob"), accounts=accounts)


def unlinked(request: ReleaseRequest, *answers: Approval) -> str:
    return find_unlinked(AUTHORS, request, answers, HUMANS)


def test_whom_the_rules_know_by_an_account_is_known() -> None:
    assert unlinked(made_by("ann@acme.org")) == ""


def test_whom_the_rules_know_by_addresses_alone_is_not() -> None:
    assert unlinked(made_by("bob@acme.org")) == (
        "it may be by the author of 3f2a91c, whose account nobody knows: list them"
        ' under people, with "github:LOGIN"'
    )


def test_one_author_of_many_whom_nobody_knows_is_enough() -> None:
    assert unlinked(made_by("ann@acme.org", "who@else.example")) != ""
    assert unlinked(made_by("ann@acme.org", "deploy@acme.org")) == ""  # a service


def test_the_host_may_know_them() -> None:
    request = made_by("Who@Else.example")
    answer = tells(("who@else.example", "github:who"))

    assert unlinked(request, answer) == ""
    assert find_bars(AUTHORS, request, [answer]) == {
        "who@else.example": "author of 3f2a91c",
        "github:who": "author of 3f2a91c",
    }


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("ann@users.noreply.github.com", "github:ann"),
        ("583231+Ann-B@users.noreply.github.com", "github:ann-b"),
        (
            "49699333+dependabot[bot]@users.noreply.github.com",
            "github:dependabot[bot]",
        ),
    ],
)
def test_an_address_that_github_gave_says_whose_it_is(
    address: str, account: str
) -> None:
    request = made_by(address)

    assert unlinked(request) == ""
    assert account in find_bars(AUTHORS, request, [])
    assert list(list_untied(request, HUMANS)) == []


@pytest.mark.parametrize(
    "address",
    [
        "ann@users.noreply.github.com.evil.example",
        "@users.noreply.github.com",
        "+ann@users.noreply.github.com",
        "a b@users.noreply.github.com",
        "noreply@github.com",
    ],
)
def test_an_address_that_only_looks_like_it_says_nothing(address: str) -> None:
    assert unlinked(made_by(address)) != ""


def test_whoever_asked_or_pushed_is_known_by_any_of_their_names() -> None:
    parts = frozenset({Part.REQUESTER, Part.LAST_PUSHER})
    known = replace(REQUEST, requester=("user:1000", "github:ann"), pusher=())

    assert find_unlinked(parts, known, [], HUMANS) == (
        "it may be by whoever pushed this commit last, whose account nobody knows:"
        ' list them under people, with "github:LOGIN"'
    )
    pushed = replace(known, pusher=("dan@acme.org", "github:dan"))
    assert find_unlinked(parts, pushed, [], HUMANS) == ""
    asked = replace(pushed, requester=("user:1000",))
    assert find_unlinked(parts, asked, [], HUMANS).startswith(
        "it may be by whoever asked for this release"
    )


def test_nobody_is_missed_whom_no_rule_excludes() -> None:
    assert find_unlinked(frozenset(), made_by("who@else.example"), [], HUMANS) == ""
    assert find_bars(frozenset(), made_by("who@else.example"), []) == {}


def test_the_host_is_asked_for_those_alone_whom_the_rules_do_not_know() -> None:
    changes = (
        Change("1" * 40, ("ann@acme.org", "deploy@acme.org")),
        Change("2" * 40, ("ann@acme.org", "Who@Else.example")),
        Change("3" * 40, ("bob@acme.org",)),
    )
    request = replace(REQUEST, changes=changes)

    assert list(list_untied(request, HUMANS)) == [
        ("2" * 40, frozenset({"who@else.example"})),
        ("3" * 40, frozenset({"bob@acme.org"})),
    ]
    assert len(list(list_untied(request, Humans.known_to([People()])))) == 3
