from dataclasses import replace

import pytest
from host_setups import (
    ASKED,
    ENVIRONMENT,
    MAIN,
    RECORD,
    bad,
    checkout,
    judged,
    settings,
)

from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.environment_refs import judge_refs
from sluicegate.config.github.workflow import parse_workflow
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostEnvironment, Protection, RefPolicy

RELEASE = ".github/workflows/release.yml"


def entered_on(events: str) -> Checkout:
    """The good files, with a job that enters the environment on other events."""
    push = "on: {push: {branches: [main]}}"
    text = RECORD.replace(push, f"on: {events}")
    found = checkout({RELEASE: text})
    # Approving is another matter: it runs where it is dispatched.
    return replace(
        found, workflows=tuple(w for w in found.workflows if w.path == RELEASE)
    )


def topic(checks: list[HostCheck]) -> list[HostCheck]:
    return [each for each in checks if each.topic == "environment sluicegate"]


def with_refs(*patterns: str) -> HostEnvironment:
    return replace(ENVIRONMENT, refs=tuple(map(RefPolicy, patterns)))


def judge(events: str, *refs: RefPolicy) -> list[tuple[Standing, str]]:
    workflow = parse_workflow(f"on: {events}".encode(), "w.yml")
    uses = [(workflow, Place("w.yml", 1))]
    return [(each.standing, each.what) for each in judge_refs("e", refs, uses, "main")]


def test_an_environment_that_every_branch_enters_is_a_problem_where_the_key_is() -> (
    None
):
    found = judged(host=settings(environments=(replace(ENVIRONMENT, refs=None),)))

    assert [each.standing for each in topic(found)] == [Standing.PROBLEM]


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        (frozenset[str](), []),
        (frozenset({"TOKEN"}), [("environment production", Standing.WARNING)]),
    ],
)
def test_an_environment_that_deployments_made_is_bad_only_if_it_holds_something(
    secrets: frozenset[str], expected: list[tuple[str, Standing]]
) -> None:
    made = replace(ENVIRONMENT, name="production", refs=None, secrets=secrets)

    assert bad(judged(host=settings(environments=(ENVIRONMENT, made)))) == expected


def test_an_environment_that_is_not_there_yet_is_warned_of() -> None:
    found = judged(host=settings(environments=()))

    assert ("environments", Standing.WARNING) in bad(found)


@pytest.mark.parametrize(
    ("events", "patterns", "standing"),
    [
        ("push", ["main"], Standing.FINE),
        ("push", ["release/*"], Standing.FINE),
        ("{push: {branches: [main]}}", ["main"], Standing.FINE),
        ("{push: {branches: [main]}}", ["m*"], Standing.FINE),
        ("{push: {branches: [main]}}", ["release/*"], Standing.PROBLEM),
        ("{push: {branches: [main]}}", ["main", "release/*"], Standing.WARNING),
        ("{push: {branches: ['release/**']}}", ["release/*/*"], Standing.FINE),
        ("{push: {tags: [v1]}}", ["main"], Standing.PROBLEM),
        ("pull_request_target", ["release/*"], Standing.PROBLEM),
        ("pull_request_target", ["main"], Standing.FINE),
        ("pull_request", ["main"], Standing.PROBLEM),
        ("pull_request", ["refs/pull/*/merge"], Standing.FINE),
        ("schedule", ["main"], Standing.FINE),
        ("schedule", ["release/*"], Standing.PROBLEM),
        ("workflow_dispatch", ["release/*"], Standing.FINE),
        ("workflow_call", ["release/*"], Standing.FINE),
        ("[schedule, workflow_dispatch]", ["release/*"], Standing.FINE),
    ],
)
def test_patterns_that_no_run_can_match_are_named(
    events: str, patterns: list[str], standing: Standing
) -> None:
    assert judge(events, *map(RefPolicy, patterns))[-1][0] is standing


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        ("{push: {tags: ['v*']}}", Standing.FINE),
        ("push", Standing.FINE),
        ("release", Standing.FINE),
        ("{push: {branches: [main]}}", Standing.PROBLEM),
        ("pull_request", Standing.PROBLEM),
        ("schedule", Standing.PROBLEM),
    ],
)
def test_tags_are_matched_with_tags(events: str, standing: Standing) -> None:
    assert judge(events, RefPolicy("v*", is_tag=True))[-1][0] is standing


def test_the_change_of_2025_is_given_as_the_reason() -> None:
    files = entered_on("pull_request_target")

    found = topic(judged(files, host=settings(environments=(with_refs("release/*"),))))

    assert "can match no run" in found[0].what
    assert "since 2025-12-08" in found[0].why


def test_a_pattern_for_everything_is_warned_of() -> None:
    found = topic(judged(host=settings(environments=(with_refs("**"),))))

    assert [each.standing for each in found] == [Standing.WARNING]


@pytest.mark.parametrize(
    ("protection", "standing"),
    [
        (None, Standing.PROBLEM),
        (
            Protection(
                may_be_deleted=False,
                may_be_forced=False,
                holds_for_admins=True,
                reviews=None,
            ),
            Standing.FINE,
        ),
    ],
)
def test_protected_branches_are_those_of_the_older_kind(
    protection: Protection | None, standing: Standing
) -> None:
    environment = replace(ENVIRONMENT, refs=None, protected_only=True)
    branches = {
        **settings().branches,
        "main": replace(MAIN, protection=protection),
    }

    found = judged(host=settings(environments=(environment,), branches=branches))

    assert [each.standing for each in topic(found)] == [standing]


def test_reviewers_are_a_lock_besides_the_policy() -> None:
    strict = replace(ENVIRONMENT, reviewers=2, refuses_self_review=True)
    loose = replace(strict, refuses_self_review=False)

    assert bad(judged(host=settings(environments=(strict,)))) == []
    assert bad(judged(host=settings(environments=(loose,)))) == [
        ("reviewers of sluicegate", Standing.WARNING)
    ]


@pytest.mark.parametrize("exists", [True, False])
def test_reviews_that_the_policy_wants_and_nobody_can_give_are_a_problem(
    *, exists: bool
) -> None:
    asked = replace(ASKED, reviews_required=frozenset({"production"}))
    production = replace(ENVIRONMENT, name="production", secrets=frozenset())
    there = (ENVIRONMENT, production) if exists else (ENVIRONMENT,)

    found = judged(asked=asked, host=settings(environments=there))

    assert bad(found) == [("reviewers of production", Standing.PROBLEM)]


def test_names_of_environments_are_compared_as_github_does() -> None:
    shouting = replace(ENVIRONMENT, name="Sluicegate")

    assert bad(judged(host=settings(environments=(shouting,)))) == []
