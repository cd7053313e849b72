"""Unit tests of `sluicegate.gates.standing`."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hearings import (
    EVERYBODY,
    HOUR,
    NOW,
    PEOPLE,
    REQUEST,
    digest_of,
    hearing,
    overrides,
    policy,
    rejects,
    rules,
    says,
)

from sluicegate.gates.rules import Policy
from sluicegate.gates.standing import (
    find_rejects,
    judge_lock,
    judge_standing,
    object_to_reject,
    quote,
)
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.policy import ApprovalRule, People
from sluicegate.model.release_request import Approval, ReleaseRequest
from sluicegate.model.state_item import Lock

TICK = timedelta(microseconds=1)
POLICY = policy(rules())


def force(
    request: ReleaseRequest = REQUEST, judged: Policy = POLICY, *, used: bool = False
) -> tuple[Verdict, str]:
    """How far the request is in force."""
    result, _ = judge_standing(judged, hearing(request=request), used=used)
    assert result.condition == "the request is in force"
    return result.verdict, result.reason


def noes(*answers: Approval, lists: tuple[People, ...] = (PEOPLE,)) -> list[Approval]:
    return list(find_rejects(hearing(*answers, lists=lists)))


def test_a_request_is_in_force_from_when_it_was_made_until_it_expires() -> None:
    assert force() == (Verdict.OPEN, "good until Thu 2026-11-26 10:00 UTC")
    assert force(replace(REQUEST, created=NOW))[0] is Verdict.OPEN
    assert force(replace(REQUEST, expires=NOW + TICK))[0] is Verdict.OPEN
    verdict, reason = force(replace(REQUEST, expires=NOW))
    assert verdict is Verdict.PENDING
    assert reason == (
        "the request has expired, Mon 2026-11-23 12:00 UTC; resume the run, which"
        " makes a new request"
    )


def test_a_request_from_the_future_shows_a_clock_set_back() -> None:
    assert force(replace(REQUEST, created=NOW + TICK)) == (
        Verdict.PENDING,
        "the request was made in the future, Mon 2026-11-23 12:00 UTC: check the clock",
    )


def test_the_shortest_life_that_any_layer_gives_a_request_counts() -> None:
    rule = ApprovalRule(EVERYBODY, request_lasts=9 * HOUR)
    short = replace(rule, request_lasts=2 * HOUR)

    assert force(judged=policy(rules(rule)))[0] is Verdict.OPEN
    assert force(judged=policy(rules(rule), rules(short)))[0] is Verdict.PENDING
    assert force(judged=policy(rules(short), rules(rule)))[0] is Verdict.PENDING
    longer = replace(rule, request_lasts=timedelta.max)
    assert force(replace(REQUEST, expires=NOW), policy(rules(longer)))[0] is (
        Verdict.PENDING
    )


def test_a_request_is_used_once() -> None:
    assert force(used=True) == (
        Verdict.CLOSED,
        "the request has been used: it opens the environment once",
    )


def test_a_request_for_another_environment_opens_nothing() -> None:
    assert force(replace(REQUEST, environment="staging")) == (
        Verdict.CLOSED,
        "the request is for staging, not production",
    )


def test_a_request_under_other_rules_is_worth_nothing() -> None:
    verdict, reason = force(replace(REQUEST, policy=digest_of("older")))

    assert verdict is Verdict.PENDING
    assert reason.startswith("the rules have changed since the request; resume the run")


def test_a_no_closes_and_says_whose_and_why() -> None:
    heard = hearing(rejects("bob@acme.org", reason="too\nrisky"))

    assert judge_standing(POLICY, heard, used=False)[1] == ConditionResult(
        "nobody rejects it", Verdict.CLOSED, "rejected by bob: too risky"
    )


def test_without_a_no_nobody_rejects_it() -> None:
    heard = hearing(says("bob@acme.org"), overrides("eve@acme.org"))

    assert judge_standing(POLICY, heard, used=False)[1] == ConditionResult(
        "nobody rejects it", Verdict.OPEN, "nobody did"
    )


@pytest.mark.parametrize(
    "given",
    [
        rejects("ann@acme.org"),  # the author
        rejects("stranger@example.org"),  # whom no rule names
        rejects("bob@acme.org", reason=""),
        rejects("bob@acme.org", "eve@acme.org"),  # one of the two said no
        rejects("bob@acme.org", "deploy@acme.org"),
        rejects(),
        replace(rejects("bob@acme.org"), environment="staging"),
        replace(rejects("bob@acme.org"), created=NOW - 900 * HOUR),
        replace(rejects("bob@acme.org"), recorded=NOW + HOUR),
    ],
)
def test_anybody_may_say_no_at_any_time(given: Approval) -> None:
    assert noes(given) == [given]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (rejects("deploy@acme.org"), "a service or a bot is no person"),
        (rejects("a[bot]", "github:ci"), "a service or a bot is no person"),
        (
            replace(rejects("bob@acme.org"), request=digest_of("another")),
            f"about another request, {digest_of('another').short}",
        ),
        (replace(rejects("bob@acme.org"), flaw="not signed"), "not signed"),
    ],
)
def test_a_no_that_is_not_about_this_or_not_a_persons_is_none(
    given: Approval, why: str
) -> None:
    assert noes(given) == []
    assert object_to_reject(given, hearing(given)) == why


def test_a_file_that_calls_somebody_a_service_does_not_silence_their_no() -> None:
    muted = People(services=frozenset({"bob@acme.org"}))

    assert noes(rejects("bob@acme.org"), lists=(muted,)) == []
    assert len(noes(rejects("bob@acme.org"), lists=(muted, PEOPLE))) == 1


def test_every_no_is_told_in_the_order_of_the_log() -> None:
    later, first = rejects("bob@acme.org", index=8), rejects("dan@acme.org", index=3)

    assert noes(later, first) == [first, later]


def test_of_many_rejects_the_first_five_are_told_in_full() -> None:
    def reason(count: int) -> str:
        many = [rejects("dan@acme.org", index=at) for at in range(count)]
        return judge_standing(POLICY, hearing(*many), used=False)[1].reason

    five = "; ".join([reason(1)] * 5)
    assert reason(5) == five
    assert reason(7) == f"{five}; and 2 more"


def test_a_lock_names_who_holds_it_why_and_the_way_out() -> None:
    lock = Lock("01JD", "production", "moving the\ndatabase", "ssh:ann", NOW, 3)

    assert judge_lock(lock) == ConditionResult(
        "no lock",
        Verdict.PENDING,
        "locked by ssh:ann since Mon 2026-11-23 12:00 UTC: moving the database;"
        " `sluice unlock production --reason ...`",
    )
    assert judge_lock(None).verdict is Verdict.OPEN


def test_what_somebody_wrote_is_one_line_of_bounded_length() -> None:
    assert quote(" a\n\tb ") == "a b"
    assert quote("x" * 200) == "x" * 200
    assert quote("x" * 201) == "x" * 200 + "…"
