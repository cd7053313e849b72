"""Unit tests of `sluicegate.gates.entry`: all rules together, and the attacks."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hearings import (
    EVERYBODY,
    HOUR,
    LEADS,
    NOW,
    PEOPLE,
    REQUEST,
    REQUEST_ID,
    SECURITY,
    digest_of,
    judge,
    overrides,
    policy,
    rejects,
    rules,
    says,
)

from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.entry import EntryDecision, EntryFacts, judge_entry
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult, CountedApproval
from sluicegate.model.policy import (
    After,
    ApprovalRule,
    Freeze,
    OverrideRule,
    Part,
    People,
    Window,
)
from sluicegate.model.release_request import Approval
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import Lock, StableRelease

OPEN, CLOSED, PENDING = Verdict.OPEN, Verdict.CLOSED, Verdict.PENDING
BOB = says("bob@acme.org", index=1)
EVE = says("eve@acme.org", index=2)
GLASS = overrides("eve@acme.org")
RULE = ApprovalRule(EVERYBODY)
ONE_OF_EACH = replace(RULE, count=2, one_of_each=(LEADS, SECURITY))
EVE_MAY = OverrideRule(frozenset({"eve"}))
FROZEN = Freeze("holidays", start=NOW - HOUR, end=NOW + HOUR)
LOCK = Lock("01JD", "production", "moving the database", "ssh:ann", NOW - HOUR, 3)
CLEAN = compile_condition("scan.critical == 0", ("scan.critical",))


def facts(*answers: Approval) -> EntryFacts:
    return EntryFacts(NOW, REQUEST_ID, REQUEST, answers)


def unmet(decision: EntryDecision) -> list[tuple[str, Verdict]]:
    return [
        (result.condition, result.verdict)
        for result in decision.conditions
        if result.verdict is not OPEN
    ]


def conditions(*texts: str) -> tuple[Condition, ...]:
    names = ("scan.critical", "stable.scan.critical")
    return tuple(compile_condition(text, names) for text in texts)


def test_one_of_each_group_opens_and_both_are_used() -> None:
    decision = judge(policy(rules(ONE_OF_EACH)), EVE, BOB)

    assert decision.verdict is OPEN
    assert not decision.override
    assert decision.reason == "approved by bob, eve; all 4 rules hold"
    assert decision.counted == (
        CountedApproval(BOB.statement, "bob", BOB.key),
        CountedApproval(EVE.statement, "eve", EVE.key),
    )
    assert [result.condition for result in decision.conditions] == [
        "the request is in force",
        "nobody rejects it",
        "approvals as sluicegate.yaml asks",
        "no lock",
    ]
    assert decision.missing == decision.ignored == ()


def test_before_a_quorum_it_says_who_is_missing_and_who_may_not() -> None:
    decision = judge(policy(rules(ONE_OF_EACH)))

    assert decision.verdict is PENDING
    assert decision.missing == (
        "1 more of @ml-leads (bob, eve may; ann may not: author of 3f2a91c)",
        "1 more of @security (dan, eve may)",
    )
    assert decision.reason == "; ".join(decision.missing)


def test_who_said_yes_so_far_is_said_and_counted() -> None:
    decision = judge(policy(rules(ONE_OF_EACH)), BOB)

    assert decision.verdict is PENDING
    assert decision.reason == "approved by bob; 1 more of @security (dan, eve may)"
    assert [one.person for one in decision.counted] == ["bob"]


def test_every_layer_is_asked_for_its_own_people() -> None:
    own = rules(replace(RULE, allowed=frozenset({"bob"})))
    shared = rules(replace(RULE, allowed=frozenset({"eve"})), source="org.yaml")

    assert judge(policy(own, shared), BOB, EVE).verdict is OPEN
    assert judge(policy(own, shared), BOB).missing == ("org.yaml: 1 more (eve may)",)
    assert judge(policy(own, shared), EVE).missing == (
        "sluicegate.yaml: 1 more (bob may)",
    )


def test_an_answer_that_counts_in_two_layers_is_used_once() -> None:
    two = judge(policy(rules(RULE), rules(RULE, source="org.yaml")), BOB)

    assert two.counted == (CountedApproval(BOB.statement, "bob", BOB.key),)


def test_a_person_is_called_as_the_first_layer_does() -> None:
    mail = rules(ApprovalRule(frozenset({"bob@acme.org"}), exclude=frozenset()))
    plain = replace(mail, people=People())

    assert judge(policy(rules(RULE), plain), BOB).counted[0].person == "bob"
    assert judge(policy(plain, rules(RULE)), BOB).counted[0].person == ("bob@acme.org")


def test_a_rule_that_allows_nobody_never_opens() -> None:
    nobody = ApprovalRule(frozenset(), count=0, exclude=frozenset())

    assert judge(policy(rules(nobody)), BOB, EVE).verdict is PENDING
    assert judge(policy(rules(RULE), rules(nobody)), BOB, EVE).verdict is PENDING


def test_the_order_of_answers_changes_nothing() -> None:
    answers = (BOB, EVE, says("bob@home.example", index=3), says("ann", index=4))
    expected = judge(policy(rules(ONE_OF_EACH)), *answers)

    for order in permutations(answers):
        assert judge(policy(rules(ONE_OF_EACH)), *order) == expected


def ignored(*answers: Approval) -> tuple[str, ...]:
    decision = judge(policy(rules(replace(RULE, count=2))), *answers)
    assert decision.verdict is PENDING
    return decision.ignored


def test_a_second_key_the_author_and_a_service_are_ignored_and_told() -> None:
    second = says("bob@home.example", index=3)
    ann, service = says("github:ann", index=4), says("github:ci", index=5)

    assert ignored(BOB, second, ann, service) == (
        "approve of bob@home.example does not count: bob is counted already",
        "approve of github:ann does not count: author of 3f2a91c",
        "approve of github:ci does not count: a service or a bot is no person",
    )


def test_a_no_by_a_service_is_ignored_and_told() -> None:
    assert ignored(rejects("github:ci")) == (
        "reject of github:ci does not count: a service or a bot is no person",
    )


def test_a_yes_to_another_environment_is_ignored_and_told() -> None:
    assert ignored(replace(BOB, environment="staging")) == (
        "approve of bob@acme.org does not count: about staging, not production",
    )


def test_a_yes_to_another_request_is_told_if_it_came_after_this_one_was_made() -> None:
    other = replace(BOB, request=digest_of("another"))
    older = replace(other, recorded=REQUEST.created - timedelta(microseconds=1))
    as_old = replace(other, recorded=REQUEST.created)

    assert len(ignored(other)) == 1
    assert len(ignored(as_old)) == 1
    assert ignored(older) == ()


def test_a_yes_to_this_request_is_told_whenever_it_was_recorded() -> None:
    early = replace(BOB, environment="staging", recorded=REQUEST.created - HOUR)

    assert len(ignored(early)) == 1


def test_an_override_where_nobody_may_is_ignored_and_told() -> None:
    assert ignored(GLASS) == (
        "override of eve@acme.org does not count: nobody is asked for one",
    )


def test_a_yes_that_counts_in_one_layer_is_not_told_as_ignored() -> None:
    eve = rules(replace(RULE, allowed=frozenset({"eve"})))
    own = rules(replace(RULE, allowed=frozenset({"bob"}), count=2))

    assert judge(policy(eve, own), BOB, EVE).ignored == ()


def test_a_no_closes_though_there_is_a_quorum() -> None:
    decision = judge(policy(rules(ONE_OF_EACH)), BOB, EVE, rejects("dan@acme.org"))

    assert decision.verdict is CLOSED
    assert decision.reason == "rejected by dan: too risky"
    assert decision.missing == (decision.reason,)


def test_a_no_closes_though_whoever_said_it_says_yes_later() -> None:
    later = says("dan@acme.org", index=20)

    assert judge(policy(rules(RULE)), rejects("dan@acme.org"), later).verdict is (
        CLOSED
    )


def test_a_no_wins_over_an_override() -> None:
    decision = judge(policy(rules(RULE, EVE_MAY)), GLASS, rejects("dan@acme.org"))

    assert decision.verdict is CLOSED
    assert not decision.override


def test_a_no_closes_where_nobody_must_approve() -> None:
    assert judge(policy(rules()), rejects("dan@acme.org")).verdict is CLOSED


def test_what_asks_for_nothing_is_open() -> None:
    assert judge(policy(rules())).verdict is OPEN
    assert judge(policy()).verdict is OPEN
    assert judge(policy(rules())).counted == ()
    assert judge(policy(rules())).reason == "all 3 rules hold"


@pytest.mark.parametrize(
    ("layer", "verdict"),
    [
        (Rules("f", freezes=(FROZEN,)), PENDING),
        (Rules("f", windows=(Window("0 9 * * *", 2 * HOUR),)), PENDING),
        (Rules("f", windows=(Window("0 9 * * *", 4 * HOUR),)), OPEN),
        (Rules("f", after=(After("staging"),)), PENDING),
        (Rules("f", conditions=(CLEAN,)), CLOSED),
    ],
)
def test_each_rule_of_each_layer_is_judged(layer: Rules, verdict: Verdict) -> None:
    for judged in (policy(layer), policy(rules(RULE), layer)):
        decision = judge(judged, BOB)

        assert decision.verdict is verdict
        assert [v for _, v in unmet(decision)] == [verdict] * (verdict is not OPEN)
        assert len(decision.missing) == (verdict is not OPEN)


def test_the_same_image_must_be_stable_for_the_soak() -> None:
    layer = Rules("f", after=(After("staging", 3 * HOUR),))

    def verdict(image: str, hours: int) -> Verdict:
        release = Release(digest_of(image), "v1", "c" * 40)
        since = NOW - hours * HOUR
        there = {"staging": StableRelease("staging", release, "run", since, 1)}
        return judge_entry(policy(layer), replace(facts(), stable=there)).verdict

    assert verdict("image", 3) is OPEN
    assert verdict("image", 2) is PENDING
    assert verdict("other", 3) is PENDING


def test_a_condition_reads_the_values() -> None:
    layer = Rules("f", conditions=(CLEAN,))

    for critical, verdict in ((0, OPEN), (1, CLOSED)):
        values = {"scan.critical": critical}
        decision = judge_entry(policy(layer), replace(facts(), values=values))

        assert decision.verdict is verdict


def test_gates_of_the_protected_branchs_stages_are_judged_again() -> None:
    judged = replace(policy(rules(RULE)), stages={"scan": (CLEAN,), "lint": ()})

    for critical, verdict in ((0, OPEN), (1, CLOSED)):
        values = {"scan.critical": critical}
        decision = judge_entry(judged, replace(facts(BOB), values=values))

        assert decision.verdict is verdict
        assert decision.conditions[-2].condition == "scan.critical == 0"
    assert judge(judged, BOB).verdict is CLOSED  # it was not measured


def test_a_lock_holds_an_entry_up_and_names_its_owner() -> None:
    decision = judge_entry(policy(rules(RULE)), replace(facts(BOB), lock=LOCK))

    assert decision.verdict is PENDING
    (line,) = decision.missing
    assert line == (
        "locked by ssh:ann since Mon 2026-11-23 11:00 UTC: moving the database;"
        " `sluice unlock production --reason ...`"
    )


def test_closed_outweighs_pending() -> None:
    decision = judge(policy(Rules("f", freezes=(FROZEN,), conditions=(CLEAN,))))

    assert decision.verdict is CLOSED
    assert decision.reason == "scan.critical == 0: scan.critical was not measured"
    assert len(decision.missing) == 2


def test_people_are_missing_first_and_then_the_rest_line_by_line() -> None:
    layer = replace(rules(RULE), freezes=(FROZEN,))

    decision = judge_entry(policy(layer), replace(facts(), lock=LOCK))

    assert [line.split()[0] for line in decision.missing] == [
        "1",
        "frozen",
        "locked",
    ]


COMPARES = conditions("scan.critical <= stable.scan.critical")


def judge_first(*layers: Rules, stages: bool = False) -> Verdict:
    judged = policy(*layers)
    if stages:
        judged = replace(judged, stages={"scan": COMPARES})
    values = {"scan.critical": 3}
    return judge_entry(judged, replace(facts(BOB), values=values)).verdict


def test_a_comparison_of_the_project_leaves_a_first_release_to_people() -> None:
    own = replace(rules(), conditions=COMPARES)

    assert judge_first(own) is CLOSED
    assert judge_first(replace(own, approvals=RULE)) is OPEN
    assert judge_first(own, rules(RULE, source="org.yaml")) is OPEN


def test_a_comparison_of_a_shared_policy_leaves_it_to_its_own_people_alone() -> None:
    shared = replace(rules(source="org.yaml"), conditions=COMPARES)

    assert judge_first(rules(RULE), shared) is CLOSED
    assert judge_first(rules(RULE), replace(shared, approvals=RULE)) is OPEN


def test_a_stage_that_came_later_keeps_nobody_from_going_back() -> None:
    judged = replace(policy(rules(RULE)), stages={"scan": (CLEAN,)})
    back = replace(facts(BOB), request=replace(REQUEST, rollback=True))
    found = replace(back, values={"scan.critical": 1})

    assert judge_entry(judged, back).verdict is OPEN
    assert judge_entry(judged, found).verdict is CLOSED  # it was there, and closes
    assert judge_entry(judged, facts(BOB)).verdict is CLOSED


def test_comparisons_of_stages_leave_a_first_release_to_whoever_must_approve() -> None:
    assert judge_first(rules(RULE), stages=True) is OPEN
    assert judge_first(rules(), stages=True) is CLOSED


def test_what_runs_elsewhere_makes_it_no_later_release() -> None:
    release = Release(digest_of("older"), "v1", "c" * 40)
    there = {"staging": StableRelease("staging", release, "run", NOW, 1)}
    asked = replace(facts(BOB), values={"scan.critical": 3}, stable=there)
    own = replace(rules(RULE), conditions=COMPARES)

    assert judge_entry(policy(own), asked).verdict is OPEN


def test_later_releases_are_compared() -> None:
    release = Release(digest_of("older"), "v1", "c" * 40)
    there = {"production": StableRelease("production", release, "run", NOW, 1)}
    own = replace(rules(RULE), conditions=COMPARES)
    values = {"scan.critical": 3}

    decision = judge_entry(
        policy(own), replace(facts(BOB), values=values, stable=there)
    )

    assert decision.verdict is CLOSED


def test_an_override_opens_and_leaves_what_did_not_hold_on_record() -> None:
    layer = Rules(
        "sluicegate.yaml",
        people=PEOPLE,
        approvals=RULE,
        override=EVE_MAY,
        after=(After("staging"),),
        freezes=(FROZEN,),
        conditions=(CLEAN,),
    )
    judged = replace(policy(layer), stages={"scan": (CLEAN,)})

    decision = judge_entry(judged, replace(facts(GLASS), lock=LOCK))

    assert decision.verdict is OPEN
    assert decision.override
    assert decision.counted == (CountedApproval(GLASS.statement, "eve", GLASS.key),)
    assert [v for _, v in unmet(decision)] == [
        *(PENDING, PENDING, PENDING),
        *(CLOSED, CLOSED, PENDING),
    ]
    assert decision.conditions[-1] == ConditionResult(
        "override as sluicegate.yaml allows", OPEN, "eve: it is down"
    )
    assert decision.reason.startswith("overridden by eve, though: 1 more (")
    for reason in ("frozen until", "was not measured", "locked by ssh:ann"):
        assert reason in decision.reason


def test_an_override_is_not_used_where_everything_holds() -> None:
    decision = judge(policy(rules(RULE, EVE_MAY)), BOB, GLASS)

    assert decision.verdict is OPEN
    assert not decision.override
    assert [one.person for one in decision.counted] == ["bob"]


def test_approvals_are_not_used_up_by_an_override() -> None:
    decision = judge(policy(rules(replace(RULE, count=2), EVE_MAY)), BOB, GLASS)

    assert decision.override
    assert [one.person for one in decision.counted] == ["eve"]


def test_an_override_without_its_people_says_who_may() -> None:
    bob = overrides("bob@acme.org")

    decision = judge(policy(rules(RULE, EVE_MAY)), bob)

    assert decision.verdict is PENDING
    assert decision.missing[-1] == "to override: 1 more (eve may)"
    assert decision.ignored == (
        "override of bob@acme.org does not count: not among those who may",
    )


def test_nobody_is_told_how_to_override_who_did_not_try() -> None:
    other = replace(GLASS, request=digest_of("another"))

    for answers in ((), (BOB,), (other,)):
        judged = policy(rules(replace(RULE, count=2), EVE_MAY))
        lines = judge(judged, *answers).missing
        assert not any("override" in line for line in lines)


def test_a_layer_that_asks_and_names_nobody_cannot_be_overridden() -> None:
    shared = rules(RULE, source="org.yaml")

    decision = judge(policy(rules(RULE, EVE_MAY), shared), GLASS)

    assert decision.verdict is PENDING
    assert "org.yaml: to override: nobody may" in decision.missing
    satisfied = judge(
        policy(rules(replace(RULE, count=2), EVE_MAY), shared), BOB, GLASS
    )
    assert satisfied.verdict is PENDING


def test_every_layer_needs_its_own_people_to_break_its_glass() -> None:
    shared = rules(RULE, OverrideRule(frozenset({"dan"})), source="org.yaml")
    both = policy(rules(RULE, EVE_MAY), shared)
    dan = overrides("dan@acme.org", index=6)

    assert judge(both, GLASS).verdict is PENDING
    assert judge(both, dan).verdict is PENDING
    assert judge(both, GLASS, dan).override


def test_a_layer_that_asks_for_nothing_stands_in_nobodys_way() -> None:
    nothing = rules(source="org.yaml")

    assert judge(policy(rules(RULE, EVE_MAY), nothing), GLASS).override


def test_nobody_is_told_to_override_what_asks_for_nothing() -> None:
    decision = judge(
        policy(rules(RULE, EVE_MAY), rules(source="org.yaml")),
        overrides("bob@acme.org"),
    )

    assert decision.missing[-1] == "sluicegate.yaml: to override: 1 more (eve may)"


def test_a_layer_that_only_names_who_may_must_be_overridden_too() -> None:
    names = rules(None, OverrideRule(frozenset({"dan"})), source="org.yaml")

    assert not judge(policy(rules(RULE, EVE_MAY), names), GLASS).override


def test_a_lock_of_an_environment_without_rules_stays() -> None:
    for judged in (policy(), policy(rules())):
        decision = judge_entry(judged, replace(facts(GLASS), lock=LOCK))
        assert decision.verdict is PENDING


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        (replace(facts(GLASS), used=True), CLOSED),
        (replace(facts(GLASS), now=NOW + 200 * HOUR), PENDING),
        (
            replace(facts(GLASS), request=replace(REQUEST, environment="staging")),
            CLOSED,
        ),
        (
            replace(facts(GLASS), request=replace(REQUEST, policy=REQUEST_ID)),
            PENDING,
        ),
        (replace(facts(GLASS), request_id=digest_of("another")), PENDING),
    ],
)
def test_an_override_opens_nothing_for_a_request_that_does_not_stand(
    changed: EntryFacts, verdict: Verdict
) -> None:
    decision = judge_entry(policy(rules(RULE, EVE_MAY)), changed)

    assert decision.verdict is verdict
    assert not decision.override


def test_a_used_request_opens_nothing_though_it_was_approved_and_overridden() -> None:
    used = replace(facts(BOB, GLASS), used=True)

    decision = judge_entry(policy(rules(RULE, EVE_MAY)), used)

    assert decision.verdict is CLOSED
    assert decision.missing == (
        "the request has been used: it opens the environment once",
    )


def test_an_expired_request_asks_for_a_new_one_and_for_nobody() -> None:
    late = replace(facts(), now=NOW + 200 * HOUR)

    decision = judge_entry(policy(rules(RULE)), late)

    assert decision.verdict is PENDING
    assert decision.missing == (decision.reason,)
    assert decision.reason.startswith("the request has expired, ")


def test_what_closes_an_expired_request_besides_is_still_said() -> None:
    late = replace(facts(), now=NOW + 200 * HOUR)

    decision = judge_entry(policy(Rules("f", conditions=(CLEAN,))), late)

    assert decision.verdict is CLOSED
    assert decision.reason == "scan.critical == 0: scan.critical was not measured"
    assert decision.missing[0].startswith("the request has expired, ")


def test_approvals_given_under_other_rules_are_worth_nothing() -> None:
    older = replace(REQUEST, policy=digest_of("older"))

    asked = replace(facts(BOB, EVE), request=older)

    assert judge_entry(policy(rules(RULE)), asked).verdict is PENDING
    assert judge_entry(policy(rules(RULE)), facts(BOB, EVE)).verdict is OPEN


ORG = rules(
    ApprovalRule(frozenset({"eve@acme.org"}), exclude=frozenset({Part.AUTHOR})),
    people=People(),
    source="org.yaml",
)


def judge_beside_org(people: People, *answers: Approval) -> Policy | Verdict:
    return judge(policy(Rules("own", people=people), ORG), *answers).verdict


def test_a_name_of_the_project_is_not_one_of_the_organisation() -> None:
    own = People({"eve@acme.org": frozenset({"mallory@acme.org"})})

    assert judge_beside_org(own, says("mallory@acme.org")) is PENDING


def test_an_identity_that_the_project_maps_stays_what_it_was() -> None:
    own = People({"mallory": frozenset({"eve@acme.org", "mallory@acme.org"})})

    assert judge_beside_org(own, says("mallory@acme.org")) is PENDING
    assert judge_beside_org(own, EVE) is OPEN


def test_what_the_project_knows_keeps_an_author_from_approving() -> None:
    own = People({"ann": frozenset({"ann@acme.org", "eve@acme.org"})})

    assert judge_beside_org(own, EVE) is PENDING
    assert judge_beside_org(People(), EVE) is OPEN
