"""Unit tests of `sluicegate.config.entry_rules`: rules that can be satisfied."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import TARGET, pipeline, problems

from sluicegate.config.entry_rules import can_be_one_of_each
from sluicegate.model.policy import Group

PEOPLE = "abcd"
SUBSETS = st.frozensets(st.sampled_from(PEOPLE), max_size=len(PEOPLE))


@pytest.mark.parametrize(
    "rules",
    [
        "approvals: {from: ['@leads', eve], count: 3}",
        "approvals: {from: ['@leads', '@security'], one_of_each: ['@security']}",
        "approvals: {one_of_each: ['@leads', '@security'], count: 2}",
        "approvals: {from: [ann@acme.org, zoe@example.org], count: 2}",
        "approvals: {from: [eve], exclude: []}\noverride: {from: ['@security']}",
        "after: staging",
        "after: {staging: 24h}",
    ],
)
def test_rules_that_can_be_satisfied_are_good(rules: str) -> None:
    assert problems(pipeline(rules)) == ()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("approvals: {count: 1}", "approvals: 'from' is missing: who may say yes?"),
        (
            "approvals: {from: ['@lead']}",
            "approvals.from.0: unknown group 'lead' (did you mean 'leads'?)",
        ),
        (
            "approvals: {from: [leads]}",
            "approvals.from.0: unknown person 'leads': write @leads for the group",
        ),
        (
            "approvals: {from: ['ci[bot]']}",
            "approvals.from.0: 'ci[bot]' is no person: services and bots never count",
        ),
        (
            "approvals: {from: [DEPLOY@acme.org]}",
            (
                "approvals.from.0: 'DEPLOY@acme.org' is no person: services and bots"
                " never count"
            ),
        ),
        (
            "approvals: {from: ['@leads', ann], count: 3}",
            "approvals.count: wants 3 people, but there are only 2 in from",
        ),
        (
            "approvals: {from: [eve, '@leads'], one_of_each: [leads]}",
            "approvals.one_of_each.0: 'leads' is no group: write @leads",
        ),
        (
            "approvals: {from: [eve], one_of_each: ['@leds']}",
            "approvals.one_of_each.0: unknown group 'leds' (did you mean 'leads'?)",
        ),
        (
            "approvals: {from: [eve], one_of_each: ['@leads']}",
            "approvals.one_of_each.0: nobody of @leads is in from",
        ),
        (
            "approvals: {from: [eve], one_of_each: ['@security', '@security']}",
            "approvals.one_of_each.1: '@security' is already given",
        ),
        ("override: {count: 1}", "override: 'from' is missing"),
        (
            "override: {from: ['@security'], count: 2}",
            "override.count: wants 2 people, but there is only 1 in from",
        ),
        (
            "after: stagin",
            "after: unknown environment 'stagin' (did you mean 'staging'?)",
        ),
        ("after: production", "after: an environment cannot come after itself"),
        (
            "after: {staging: 1x}",
            (
                "after.staging: write a time as a whole number and ms, s, m, h or d,"
                ' like 10m, not "1x"'
            ),
        ),
    ],
)
def test_rules_that_nobody_could_satisfy_are_refused(rules: str, expected: str) -> None:
    assert problems(pipeline(rules)) == (f"environments.production.{expected}",)


def test_environments_that_wait_for_each_other_are_refused() -> None:
    text = pipeline("after: {staging: 1h}", staging="after: qa")
    text += f"  qa:\n    {TARGET}\n    after: production\n"

    assert problems(text) == (
        (
            "environments.staging.after: environments staging, production, qa wait"
            " for each other"
        ),
    )


def test_one_slip_hides_no_other() -> None:
    text = pipeline(
        "approvals: {from: ['@lead']}\nwindow: []\nbaseline: v1.0",
        staging="after: production\ngate: [scan.critcal == 0]",
        who="people: {ann: [], Ann: []}\ngroups: {leads: [ann]}\npaths: 5\n",
    )

    assert [each.partition(":")[0] for each in problems(text)] == [
        "people.Ann",
        "paths",
        "environments.staging.gate.0",
        "environments.production.approvals.from.0",
        "environments.production",
        "environments.production.baseline",
    ]


@given(SUBSETS, st.lists(SUBSETS, max_size=4))
def test_groups_can_be_covered_exactly_if_some_choice_of_people_does(
    allowed: frozenset[str], members: list[frozenset[str]]
) -> None:
    groups = tuple(Group(str(n), each) for n, each in enumerate(members))

    assert can_be_one_of_each(allowed, groups) is any(
        all(who in one & allowed for who, one in zip(choice, members, strict=True))
        for choice in itertools.permutations(PEOPLE, len(members))
    )


ACCOUNTS = """\
people:
  ann: [ann@acme.org, "github:ann"]
  bob: [bob@acme.org, "github:bob"]
  eve: [eve@acme.org]
services: [deploy@acme.org]
groups: {leads: [ann, bob], security: [eve]}
"""


@pytest.mark.parametrize(
    "rules",
    [
        "{from: [ann, bob], count: 2, by: [signature, dispatch]}",
        "{from: [ann, bob, eve], count: 3, by: [signature, dispatch, comment]}",
        "{from: ['@leads'], count: 2, by: [dispatch], workflow: yes.yaml}",
        "{from: ['github:zoe', zoe@acme.org], by: [signature, dispatch]}",
        "{from: ['github:zoe', 'github:yan'], count: 2, by: [dispatch]}",
        "{from: [ann], by: [comment], environment_reviews: required}",
    ],
)
def test_people_may_answer_in_several_ways(rules: str) -> None:
    assert problems(pipeline(f"approvals: {rules}", who=ACCOUNTS)) == ()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            "{from: [ann, eve], by: [dispatch]}",
            ("approvals.by: 'eve' has no account: list \"github:LOGIN\" under people"),
        ),
        (
            "{from: [ann, 'github:zoe'], count: 2, by: [signature, dispatch]}",
            (
                "approvals.by: 'github:zoe' may sign, and answer by an account, too:"
                " list who that is under people, or somebody could count for two"
            ),
        ),
        (
            "{from: [ann], by: [dispatch, dispatch]}",
            "approvals.by: names one of them twice",
        ),
        (
            "{from: [ann], by: []}",
            "approvals.by: must not be empty",
        ),
        (
            "{from: [ann], by: [review]}",
            "approvals.by.0: ",
        ),
        (
            "{from: [ann], by: [dispatch], workflow: ../approve.yml}",
            "approvals.workflow: ",
        ),
        (
            "{from: [ann], by: [dispatch], environment_reviews: maybe}",
            "approvals.environment_reviews: ",
        ),
    ],
)
def test_ways_in_which_nobody_could_answer_or_somebody_twice_are_refused(
    rules: str, expected: str
) -> None:
    (problem,) = problems(pipeline(f"approvals: {rules}", who=ACCOUNTS))

    assert problem.startswith(f"environments.production.{expected}")
