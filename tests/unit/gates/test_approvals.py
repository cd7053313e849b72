"""Unit tests of `sluicegate.gates.approvals`: whose yes counts, rule by rule."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hearings import (
    EVERYBODY,
    HOUR,
    LEADS,
    NOW,
    PEOPLE,
    REQUEST,
    SECURITY,
    digest_of,
    hearing,
    overrides,
    rejects,
    says,
)

from sluicegate.gates.approvals import (
    OVERRIDE_LASTS,
    Hearing,
    Tally,
    judge_approvals,
    judge_override,
)
from sluicegate.model.policy import (
    ApprovalRule,
    OverrideRule,
    Part,
    People,
    Way,
)
from sluicegate.model.release_request import Approval, Change

ANYBODY = ApprovalRule(EVERYBODY, exclude=frozenset())
BOB = says("bob@acme.org", index=1)
EVE = says("eve@acme.org", index=2)
GLASS = OverrideRule(frozenset({"eve"}))


def tally(rule: ApprovalRule, *answers: Approval, people: People = PEOPLE) -> Tally:
    return judge_approvals(rule, people, hearing(*answers, lists=(people,)))


def people_of(judged: Tally) -> list[str]:
    return [voter.person for voter in judged.voters]


def why_not(rule: ApprovalRule, given: Approval, people: People = PEOPLE) -> str:
    """Why *given* does not count; it must not."""
    judged = tally(rule, given, people=people)
    assert judged.voters == ()
    assert not judged.is_enough
    return judged.ignored[given.statement]


def test_silence_is_not_consent() -> None:
    assert tally(ANYBODY).missing == ("1 more (ann, bob, dan, eve may)",)
    assert not tally(ANYBODY).is_enough


def test_one_person_who_may_is_enough_where_one_is_asked_for() -> None:
    judged = tally(ANYBODY, BOB)

    assert judged.is_enough
    assert people_of(judged) == ["bob"]
    assert judged.ignored == {}


def test_two_are_two_different_people() -> None:
    rule = replace(ANYBODY, count=2)

    assert not tally(rule, BOB).is_enough
    assert people_of(tally(rule, EVE, BOB)) == ["bob", "eve"]
    assert tally(rule, EVE, BOB).is_enough


def test_two_keys_of_one_person_count_once() -> None:
    second = says("bob@home.example", index=3)
    judged = tally(replace(ANYBODY, count=2), second, BOB)

    assert not judged.is_enough
    assert people_of(judged) == ["bob"]
    assert judged.voters[0].answer is BOB
    assert judged.ignored == {second.statement: "bob is counted already"}


def test_a_rule_that_asks_for_nobody_still_takes_somebody() -> None:
    assert not tally(replace(ANYBODY, count=0)).is_enough
    assert tally(replace(ANYBODY, count=0), BOB).is_enough
    assert not tally(replace(ANYBODY, count=-1)).is_enough


def test_where_nobody_may_nothing_is_enough() -> None:
    nobody = replace(ANYBODY, allowed=frozenset(), count=0)

    assert tally(nobody, BOB, EVE).missing == (
        "1 more, but nobody who may is left (nobody is named)",
    )


def test_only_those_whom_the_rule_names_may() -> None:
    rule = replace(ANYBODY, allowed=frozenset({"eve"}))

    assert why_not(rule, BOB) == "not among those who may"


def test_names_are_compared_without_regard_to_case() -> None:
    anybody = replace(ANYBODY, allowed=frozenset({"Zoe@Acme.org"}))

    assert tally(anybody, says("zoe@ACME.org"), people=People()).is_enough


@pytest.mark.parametrize(
    "given",
    [
        says("deploy@acme.org"),
        says("github:ci"),
        says("renovate[bot]"),
        says("github:Renovate[BOT]"),
        says("bob@acme.org", "deploy@acme.org"),
        says("bob@acme.org", "bob[bot]"),
    ],
)
def test_a_service_never_counts_even_with_a_person_beside_it(given: Approval) -> None:
    anybody = replace(ANYBODY, allowed=EVERYBODY | set(given.identities))

    assert why_not(anybody, given) == "a service or a bot is no person"


def test_a_key_of_two_people_counts_for_neither() -> None:
    both = says("bob@acme.org", "eve@acme.org")

    assert why_not(ANYBODY, both) == (
        "its key is of bob and eve: nobody can say who signed"
    )


def test_a_key_of_nobody_counts_for_nobody() -> None:
    assert why_not(ANYBODY, says()) == (
        "its key is of nobody: nobody can say who signed"
    )


def test_all_identities_of_a_key_may_be_one_persons() -> None:
    assert tally(ANYBODY, says("bob@acme.org", "BOB@home.example", "bob")).is_enough


def test_a_yes_to_another_request_is_none_to_this_one() -> None:
    other = replace(BOB, request=digest_of("another"))

    assert why_not(ANYBODY, other) == (
        f"about another request, {digest_of('another').short}"
    )


def test_a_yes_to_another_environment_is_none_to_this_one() -> None:
    assert why_not(ANYBODY, replace(BOB, environment="staging")) == (
        "about staging, not production"
    )


def test_a_signature_with_a_flaw_does_not_count() -> None:
    flawed = replace(BOB, flaw="the key was removed since")

    assert why_not(ANYBODY, flawed) == "the key was removed since"


def test_other_answers_are_no_approvals() -> None:
    judged = tally(ANYBODY, rejects("bob@acme.org"), overrides("bob@acme.org"))

    assert judged.voters == ()
    assert judged.ignored == {}


def test_an_approval_is_good_until_it_expires_and_not_then() -> None:
    rule = replace(ANYBODY, approval_lasts=3 * HOUR)
    tick = timedelta(microseconds=1)

    assert tally(rule, says("bob@acme.org", at=NOW - 3 * HOUR + tick)).is_enough
    assert why_not(rule, says("bob@acme.org", at=NOW - 3 * HOUR)) == (
        "it has expired, after 3 h"
    )


def test_the_earlier_of_signing_and_recording_is_when_an_approval_was_made() -> None:
    rule = replace(ANYBODY, approval_lasts=3 * HOUR)
    postdated = replace(BOB, created=NOW + 9 * HOUR, recorded=NOW - 4 * HOUR)
    late = replace(BOB, created=NOW - 4 * HOUR, recorded=NOW)

    assert why_not(rule, postdated) == "it has expired, after 3 h"
    assert why_not(rule, late) == "it has expired, after 3 h"


def test_an_approval_from_the_future_shows_a_clock_set_back() -> None:
    future = replace(BOB, recorded=NOW + timedelta(microseconds=1))

    assert why_not(ANYBODY, future) == "recorded in the future: a clock was set back"
    assert tally(ANYBODY, replace(BOB, recorded=NOW)).is_enough


def test_a_fresh_approval_counts_after_an_expired_one() -> None:
    old = says("bob@acme.org", at=NOW - 30 * HOUR, index=1)
    fresh = says("bob@acme.org", index=2)

    judged = tally(ANYBODY, old, fresh)

    assert judged.is_enough
    assert judged.voters[0].answer is fresh
    assert list(judged.ignored) == [old.statement]


@pytest.mark.parametrize("reason", ["", "  ", "\n", "...", "\u200b"])
def test_a_reason_says_something_where_one_is_required(reason: str) -> None:
    rule = replace(ANYBODY, reason_required=True)

    assert why_not(rule, replace(BOB, reason=reason)) == "it gives no reason"
    assert tally(rule, BOB).is_enough
    assert tally(ANYBODY, replace(BOB, reason=reason)).is_enough


NO_AUTHORS = replace(ANYBODY, exclude=frozenset({Part.AUTHOR}))
NO_REQUESTERS = replace(ANYBODY, exclude=frozenset({Part.REQUESTER}))
NO_PUSHERS = replace(ANYBODY, exclude=frozenset({Part.LAST_PUSHER}))


def test_an_author_may_not_approve_their_own_commit() -> None:
    ann = says("ann@acme.org")

    assert why_not(NO_AUTHORS, ann) == "author of 3f2a91c"
    assert tally(ANYBODY, ann).is_enough


def test_an_author_may_not_by_a_second_key_under_another_identity() -> None:
    assert why_not(NO_AUTHORS, says("github:ann")) == "author of 3f2a91c"


def test_a_co_author_of_any_commit_since_the_last_release_may_not() -> None:
    change = Change("b" * 40, ("ann@acme.org", "BOB@home.example"))
    heard = hearing(
        says("bob@acme.org"),
        request=replace(REQUEST, changes=(*REQUEST.changes, change)),
    )

    judged = judge_approvals(NO_AUTHORS, PEOPLE, heard)

    assert list(judged.ignored.values()) == ["author of bbbbbbb"]
    (line,) = judged.missing
    assert line == (
        "1 more (dan, eve may; ann may not: author of 3f2a91c;"
        " bob may not: author of bbbbbbb)"
    )


def test_an_author_may_not_under_an_address_that_another_file_alone_knows() -> None:
    plain = People()
    rule = replace(NO_AUTHORS, allowed=frozenset({"github:ann", "eve@acme.org"}))
    heard = hearing(says("github:ann"), lists=(plain, PEOPLE))

    judged = judge_approvals(rule, plain, heard)

    assert list(judged.ignored.values()) == ["author of 3f2a91c"]
    assert judged.missing == (
        "1 more (eve@acme.org may; github:ann may not: author of 3f2a91c)",
    )


def test_whoever_asks_may_not_approve() -> None:
    request = replace(REQUEST, requester=("user:root", "bob@home.example"))

    judged = judge_approvals(NO_REQUESTERS, PEOPLE, hearing(BOB, request=request))

    assert list(judged.ignored.values()) == ["asked for this release"]
    assert not judged.is_enough


def test_everybody_whom_the_requester_claims_to_be_is_kept_from_it() -> None:
    request = replace(REQUEST, requester=("bob@acme.org", "eve@acme.org"))

    heard = hearing(BOB, EVE, request=request)

    assert judge_approvals(NO_REQUESTERS, PEOPLE, heard).voters == ()


def test_whoever_pushed_last_may_not_approve() -> None:
    assert why_not(NO_PUSHERS, says("dan@acme.org")) == "pushed this commit last"


def test_a_part_that_is_not_excluded_is_no_bar() -> None:
    request = replace(REQUEST, requester=("bob@acme.org",), pusher=("bob",))

    heard = hearing(BOB, request=request)

    assert judge_approvals(NO_AUTHORS, PEOPLE, heard).is_enough


@pytest.mark.parametrize("requester", [(), ("user:root", "root@localhost")])
def test_without_a_known_requester_nobody_can_be_told_apart(
    requester: tuple[str, ...],
) -> None:
    heard = hearing(BOB, EVE, request=replace(REQUEST, requester=requester))

    judged = judge_approvals(NO_REQUESTERS, PEOPLE, heard)

    assert not judged.is_enough
    assert people_of(judged) == ["bob", "eve"]
    (line,) = judged.missing
    assert line == (
        f"nobody knows who asked for this release"
        f" ({', '.join(requester) or 'no name is given'}), so nobody can be told"
        f" apart from them: list them under people or services"
    )
    assert judge_approvals(NO_AUTHORS, PEOPLE, heard).is_enough


@pytest.mark.parametrize(
    "identity",
    ["ann", "Github:ANN", "github:ci", "x[bot]", "zoe@acme.org"],
)
def test_a_requester_is_known_by_any_identity(identity: str) -> None:
    request = replace(REQUEST, requester=("user:root", identity))
    rule = replace(NO_REQUESTERS, allowed=EVERYBODY | {"zoe@acme.org"})

    heard = hearing(BOB, request=request)

    assert judge_approvals(rule, PEOPLE, heard).is_enough


def test_a_requester_whom_another_file_alone_knows_is_not_known() -> None:
    request = replace(REQUEST, requester=("github:ann",))
    rule = replace(NO_REQUESTERS, allowed=frozenset({"zoe@acme.org"}))
    heard = hearing(says("zoe@acme.org"), request=request, lists=(People(), PEOPLE))

    assert not judge_approvals(rule, People(), heard).is_enough


def test_without_a_known_pusher_nobody_can_be_told_apart() -> None:
    heard = hearing(BOB, request=replace(REQUEST, pusher=("user:root",)))

    judged = judge_approvals(NO_PUSHERS, PEOPLE, heard)

    assert judged.missing[0].startswith("nobody knows who pushed this commit last")


ONE_OF_EACH = replace(ANYBODY, one_of_each=(LEADS, SECURITY))


def test_people_of_one_group_alone_are_not_enough() -> None:
    judged = tally(ONE_OF_EACH, BOB, says("ann@acme.org", index=4))

    assert judged.missing == ("1 more of @security (dan, eve may)",)


def test_one_of_each_is_enough_though_the_count_is_one() -> None:
    assert tally(ONE_OF_EACH, BOB, EVE).is_enough


def test_whoever_is_in_both_stands_for_one() -> None:
    assert not tally(ONE_OF_EACH, EVE).is_enough


def test_the_count_may_go_beyond_the_groups() -> None:
    judged = tally(replace(ONE_OF_EACH, count=3), BOB, EVE)

    assert len(judged.missing) == 1
    assert judged.missing[0].startswith("1 more (ann, dan may; ")


def test_a_member_who_is_not_among_those_who_may_does_not_count() -> None:
    rule = replace(ONE_OF_EACH, allowed=frozenset({"ann", "bob"}))

    judged = tally(rule, BOB, EVE)

    assert judged.missing == (
        "1 more of @security, but nobody who may is left (nobody is named)",
    )


def test_another_file_cannot_put_somebody_into_a_group() -> None:
    own = People({"bob": frozenset({"bob@acme.org", "eve@acme.org"})})
    heard = hearing(BOB, says("ann@acme.org", index=4), lists=(own, PEOPLE))

    assert not judge_approvals(ONE_OF_EACH, PEOPLE, heard).is_enough


def test_one_human_under_two_names_stands_for_one_group() -> None:
    own = People({"bob": frozenset({"bob@acme.org", "dan@acme.org"})})
    dan = says("dan@acme.org", index=4)

    apart = judge_approvals(ONE_OF_EACH, PEOPLE, hearing(BOB, dan))
    same = judge_approvals(ONE_OF_EACH, PEOPLE, hearing(BOB, dan, lists=(own, PEOPLE)))

    assert apart.is_enough
    assert not same.is_enough
    assert people_of(same) == ["bob"]


def test_one_human_under_two_names_stands_for_either_group() -> None:
    own = People({"bob": frozenset({"bob@acme.org", "dan@acme.org"})})
    dan, ann = says("dan@acme.org", index=4), says("ann@acme.org", index=6)
    heard = hearing(BOB, dan, ann, lists=(own, PEOPLE))

    assert judge_approvals(ONE_OF_EACH, PEOPLE, heard).is_enough


def override(*answers: Approval, rule: OverrideRule = GLASS) -> Tally:
    heard: Hearing = hearing(*answers)
    return judge_override(rule, PEOPLE, heard)


def test_whoever_may_override_is_enough_with_a_reason() -> None:
    judged = override(overrides("eve@acme.org"))

    assert judged.is_enough
    assert people_of(judged) == ["eve"]


def test_an_approval_breaks_no_glass() -> None:
    assert override(EVE, BOB).missing == ("1 more (eve may)",)


def test_an_override_always_needs_a_reason() -> None:
    assert not override(overrides("eve@acme.org", reason=" ")).is_enough


def test_others_may_not_override_however_many() -> None:
    others = [overrides("bob@acme.org"), overrides("ann@acme.org", index=6)]

    assert not override(*others).is_enough


def test_the_author_may_override() -> None:
    rule = OverrideRule(frozenset({"ann"}))

    assert override(overrides("ann@acme.org"), rule=rule).is_enough


def test_a_service_may_not_override() -> None:
    rule = OverrideRule(frozenset({"deploy@acme.org"}))

    assert not override(overrides("deploy@acme.org"), rule=rule).is_enough
    assert override(rule=rule).missing == (
        "1 more, but nobody who may is left (deploy@acme.org is no person)",
    )


def test_two_who_override_are_two_different_people() -> None:
    rule = OverrideRule(frozenset({"eve", "bob"}), count=2)
    bob = overrides("bob@acme.org", index=6)
    again = overrides("bob@home.example", index=7)

    assert not override(bob, again, rule=rule).is_enough
    assert override(bob, overrides("eve@acme.org"), rule=rule).is_enough


def test_an_override_expires() -> None:
    late = replace(overrides("eve@acme.org"), created=NOW - OVERRIDE_LASTS)

    assert not override(late).is_enough


def test_where_nobody_may_override_nobody_does() -> None:
    nobody = OverrideRule(frozenset(), count=0)

    assert not override(overrides("eve@acme.org"), rule=nobody).is_enough


# How they answer

DISPATCHED = replace(
    says("github:ann", index=3), way=Way.DISPATCH, workflow="approve.yml"
)
BY_RUN = replace(
    ANYBODY, by=frozenset({Way.DISPATCH}), exclude=frozenset({Part.REQUESTER})
)


def test_an_answer_counts_in_the_ways_that_the_rule_names() -> None:
    assert people_of(tally(BY_RUN, DISPATCHED)) == ["ann"]
    assert why_not(ANYBODY, DISPATCHED) == (
        "it was given by dispatch, and what counts is signature"
    )
    assert why_not(BY_RUN, BOB) == (
        "it was given by signature, and what counts is dispatch"
    )
    commented = replace(DISPATCHED, way=Way.COMMENT)
    assert why_not(BY_RUN, commented) == (
        "it was given by comment, and what counts is dispatch"
    )


def test_a_run_of_another_workflow_than_the_rules_does_not_count() -> None:
    rule = replace(BY_RUN, workflow="release.yaml")

    assert why_not(rule, DISPATCHED) == (
        "it is a run of approve.yml, not of release.yaml"
    )


def test_the_key_and_the_account_of_one_person_count_once() -> None:
    both = replace(
        BY_RUN,
        count=2,
        by=frozenset({Way.SIGNATURE, Way.DISPATCH}),
        exclude=frozenset(),
    )
    signed = says("ann@acme.org", index=1)
    judged = tally(both, signed, DISPATCHED)

    assert people_of(judged) == ["ann"]
    assert judged.ignored == {DISPATCHED.statement: "ann is counted already"}
    assert tally(both, DISPATCHED, BOB).is_enough


def test_an_account_that_takes_over_a_login_counts_once() -> None:
    people = People(
        {**PEOPLE.identities, "bob": frozenset({"bob@acme.org", "github:bob"})}
    )
    both = replace(BY_RUN, count=2, exclude=frozenset())
    ann = replace(DISPATCHED, key="account:7")
    renamed = replace(
        says("github:bob", index=4), way=Way.DISPATCH, workflow="approve.yml"
    )
    judged = tally(both, ann, replace(renamed, key="account:7"), people=people)

    assert people_of(judged) == ["ann"]
    assert list(judged.ignored.values()) == ["its account was counted as ann"]
    assert not judged.is_enough
    assert tally(both, ann, replace(renamed, key="account:8"), people=people).is_enough


def test_an_account_that_may_be_the_authors_does_not_count() -> None:
    rule = replace(BY_RUN, allowed=frozenset({"github:zoe"}), exclude=frozenset(Part))
    zoe = replace(DISPATCHED, identities=("github:zoe",))

    assert why_not(rule, zoe).startswith("it may be by whoever pushed this commit last")


def test_an_account_never_breaks_the_glass() -> None:
    eve = replace(overrides("eve@acme.org"), way=Way.DISPATCH)
    judged = judge_override(GLASS, PEOPLE, hearing(eve))

    assert judged.ignored == {
        eve.statement: "it was given by dispatch, and what counts is signature"
    }


def test_what_one_answer_says_of_authors_bars_every_other() -> None:
    rule = replace(ANYBODY, exclude=frozenset({Part.AUTHOR}))
    told = replace(DISPATCHED, accounts=(("ann@acme.org", "bob@acme.org"),))
    judged = tally(rule, BOB, told)

    assert judged.ignored[BOB.statement] == "author of 3f2a91c"
