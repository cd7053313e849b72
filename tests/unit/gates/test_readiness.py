from dataclasses import replace

import pytest
from hearings import EVERYBODY, LEADS, PEOPLE, SECURITY

from sluicegate.gates.human import Humans
from sluicegate.gates.readiness import (
    Ground,
    Keyholder,
    Reach,
    is_requester_known,
    judge_override_reach,
    judge_reach,
)
from sluicegate.model.policy import (
    ApprovalRule,
    OverrideRule,
    Part,
    People,
    Way,
)

ANN, BOB, EVE = "ann@acme.org", "bob@acme.org", "eve@acme.org"
RULE = ApprovalRule(EVERYBODY, 2)


def ground(*holders: str, people: People = PEOPLE, flaws: str = "") -> Ground:
    """Keys, each by the names it counts under, with commas between them."""
    keys = (Keyholder(f"SHA256:{each}", tuple(each.split(","))) for each in holders)
    why = {"eve@acme.org": flaws} if flaws else {}
    return Ground(people, Humans.known_to([people]), tuple(keys), why)


def reach(rule: ApprovalRule, *holders: str, requester: tuple[str, ...] = ()) -> Reach:
    return judge_reach(rule, ground(*holders), requester)


def test_enough_people_with_keys_are_enough() -> None:
    found = reach(RULE, ANN, "BOB@home.example")

    assert found.is_enough
    assert found.ready == ("ann", "bob")
    assert found.lacking == {"dan": "", "eve": ""}


@pytest.mark.parametrize(
    ("rule", "holders", "missing"),
    [
        (RULE, [], "2 more, but nobody who may is left"),
        (RULE, [ANN, "github:ann"], "1 more, but nobody who may is left"),
        (RULE, [ANN, "deploy@acme.org"], "1 more, but nobody who may is left"),
        (RULE, [ANN, f"{BOB},{EVE}"], "1 more, but nobody who may is left"),
        (
            ApprovalRule(EVERYBODY, 2, (LEADS, SECURITY)),
            [ANN, BOB],
            "1 more of @security, but nobody who may is left",
        ),
        (
            ApprovalRule(EVERYBODY, 2, (LEADS, SECURITY)),
            [EVE],
            "1 more of @",
        ),
    ],
    ids=["no keys", "two keys of one", "a service", "shared", "no group", "one of two"],
)
def test_too_few_people_with_keys_are_said_to_be_missing(
    rule: ApprovalRule, holders: list[str], missing: str
) -> None:
    found = reach(rule, *holders)

    assert not found.is_enough
    assert found.missing[0].startswith(missing)


def test_a_key_of_two_people_is_a_reason() -> None:
    found = reach(RULE, f"{BOB},{EVE}")

    assert (
        "its key is of bob and eve: nobody can say who signed" in (found.lacking["eve"])
    )


def test_why_a_line_lets_nobody_sign_is_a_reason() -> None:
    found = judge_reach(RULE, ground(ANN, flaws="it has expired"))

    assert found.lacking == {"bob": "", "dan": "", "eve": "it has expired"}


def test_whoever_asks_is_left_out_where_the_rule_says_so() -> None:
    yours = reach(RULE, ANN, BOB, requester=("user:ann", ANN))
    free = ApprovalRule(EVERYBODY, 2, exclude=frozenset({Part.AUTHOR}))

    (line,) = yours.missing
    assert line == (
        "1 more, but nobody who may is left (ann would ask for it; bob is counted;"
        " dan has no key that counts; eve has no key that counts)"
    )
    assert reach(RULE, ANN, BOB, requester=("somebody",)).is_enough
    assert reach(free, ANN, BOB, requester=(ANN,)).is_enough


def test_the_glass_is_broken_by_those_with_keys() -> None:
    rule = OverrideRule(frozenset({"eve", "dan"}), 1)

    assert judge_override_reach(rule, ground(EVE)).is_enough
    assert not judge_override_reach(rule, ground(ANN)).is_enough


@pytest.mark.parametrize(
    ("requester", "known"),
    [
        ([], False),
        (["user:0", "user:root"], False),
        (["user:0", "Ann@acme.org"], True),
        (["github:ci"], True),
        (["github:dependabot[bot]"], True),
    ],
)
def test_people_and_services_are_known(requester: list[str], *, known: bool) -> None:
    careless = ApprovalRule(EVERYBODY, exclude=frozenset())

    assert is_requester_known(RULE, PEOPLE, requester) is known
    assert is_requester_known(careless, PEOPLE, requester)


def test_an_account_is_as_good_as_a_key_where_the_rule_counts_it() -> None:
    by_run = replace(RULE, count=1, by=frozenset({Way.DISPATCH}))

    found = reach(by_run, BOB)

    assert found.ready == ("ann",)  # the one of them with an account
    assert "bob" in found.lacking
    assert not reach(replace(RULE, count=1)).is_enough
