"""Unit tests of `sluicegate.gates.reviews`: a lock besides, and nobody's yes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hearings import HOUR, NOW, REQUEST_ID, hearing, judge, policy, rules, says

from sluicegate.gates.reviews import judge_reviews
from sluicegate.model.decision import Verdict
from sluicegate.model.policy import ApprovalRule, ReviewLock, Way
from sluicegate.model.release_request import Answer, Approval

RULE = ApprovalRule(frozenset({"bob"}), reviews=ReviewLock.REQUIRED)
BOB = says("bob@acme.org", index=1)
EVE = replace(says("eve@acme.org", index=2), way=Way.REVIEW)


def reviewed(*answers: Approval, rule: ApprovalRule = RULE) -> tuple[Verdict, str]:
    """What the lock says."""
    (result,) = judge_reviews(rules(rule), hearing(*answers))
    return result.verdict, result.reason


def test_without_a_review_it_stays_shut_however_many_approve() -> None:
    decision = judge(policy(rules(RULE)), BOB)

    assert decision.verdict is Verdict.PENDING
    assert decision.missing == (
        (
            "nobody has reviewed it yet: approve the environment production on the code"
            f" host, with {REQUEST_ID.hex} in the comment"
        ),
    )


def test_a_review_opens_the_lock_and_counts_as_nobodys_yes() -> None:
    assert reviewed(EVE) == (Verdict.OPEN, "reviewed by eve")
    both = judge(policy(rules(RULE)), BOB, EVE)
    assert both.verdict is Verdict.OPEN
    assert [each.person for each in both.counted] == ["bob"]
    asks_eve = replace(RULE, allowed=frozenset({"eve"}))
    assert judge(policy(rules(asks_eve)), EVE).verdict is Verdict.PENDING


def test_a_signature_is_no_review() -> None:
    assert reviewed(BOB)[0] is Verdict.PENDING


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (replace(EVE, flaw="its run is gone"), "its run is gone"),
        (
            replace(EVE, identities=("github:ci",)),
            "a service or a bot is no person",
        ),
        (replace(EVE, identities=("ann@acme.org",)), "author of 3f2a91c"),
        (replace(EVE, created=NOW - timedelta(days=1)), "it has expired"),
        (replace(EVE, recorded=NOW + HOUR), "recorded in the future"),
    ],
)
def test_a_review_that_does_not_count_says_why(given: Approval, why: str) -> None:
    verdict, reason = reviewed(given)

    assert verdict is Verdict.PENDING
    assert f"a review does not count: {why}" in reason


def test_a_review_that_says_no_ends_the_request() -> None:
    no = replace(EVE, answer=Answer.REJECT)

    assert judge(policy(rules(RULE)), BOB, EVE, no).verdict is Verdict.CLOSED


@pytest.mark.parametrize("reviews", [None, ReviewLock.RECORDED])
def test_nobody_waits_for_reviews_that_are_not_required(
    reviews: ReviewLock | None,
) -> None:
    rule = replace(RULE, reviews=reviews)

    assert judge_reviews(rules(rule), hearing()) == ()
    assert judge(policy(rules(rule)), BOB).verdict is Verdict.OPEN
