from dataclasses import fields, replace

import pytest
from host_setups import (
    ASKED,
    ENVIRONMENT,
    SETTINGS,
    bad,
    checkout,
    judged,
    settings,
)

from sluicegate.config.github.checkout import Checkout
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.host_settings import BranchSettings, HostSettings, Unknown

UNKNOWN = Unknown("Moon: read")


def hide(name: str) -> HostSettings:
    """The good settings with one of them unknown."""
    return settings(**{name: UNKNOWN})


def hidden_branch(name: str, field: str) -> HostSettings:
    found = SETTINGS.branches[name]
    if field == "rules":
        found = replace(found, rules=UNKNOWN)
    else:
        found = replace(found, rulesets=dict.fromkeys(found.rulesets, UNKNOWN))
    return settings(branches={**SETTINGS.branches, name: found})


def test_a_repository_that_is_set_up_well_has_nothing_to_mend() -> None:
    checks = judged()

    assert bad(checks) == []
    assert {each.topic for each in checks} >= {
        *("log branch sluicegate-audit", "protected branch main", "code owners"),
        *("environment sluicegate", "log key", "pinned actions", "default token"),
        *("retention", "releases", "approve.yml", "rollout.yml", "triggers"),
    }


@pytest.mark.parametrize(
    "name",
    [
        each.name
        for each in fields(HostSettings)
        if each.name not in {"facts", "branches"}
    ],
)
def test_what_the_token_may_not_read_is_unknown_and_names_what_it_needs(
    name: str,
) -> None:
    found = [
        each for each in judged(host=hide(name)) if each.standing is Standing.UNKNOWN
    ]

    assert found
    assert all("Moon: read" in each.what for each in found)


@pytest.mark.parametrize("branch", ["main", "sluicegate-audit"])
@pytest.mark.parametrize("field", ["rules", "rulesets"])
def test_rules_of_a_branch_that_may_not_be_read_are_unknown(
    branch: str, field: str
) -> None:
    found = [
        each
        for each in judged(host=hidden_branch(branch, field))
        if branch in each.topic and each.standing is Standing.UNKNOWN
    ]

    assert "Moon: read" in found[0].what


def test_refs_and_secrets_of_an_environment_that_may_not_be_read_are_unknown() -> None:
    environment = replace(ENVIRONMENT, refs=UNKNOWN, secrets=UNKNOWN)

    found = judged(host=settings(environments=(environment,)))

    assert ("environment sluicegate", Standing.UNKNOWN) in bad(found)
    assert ("log key", Standing.UNKNOWN) in bad(found)


def test_without_settings_files_are_judged_and_the_rest_is_said_to_be_unknown() -> None:
    checks = judged(host=None)

    assert bad(checks) == [("settings", Standing.UNKNOWN)]
    assert "SLUICE_GITHUB_TOKEN" in checks[-1].what


def test_files_that_cannot_be_read_are_unknown() -> None:
    found = judged(checkout(flaws=("a.yml:3: not YAML",)))

    assert bad(found) == [("workflows", Standing.UNKNOWN)]


def test_a_repository_without_workflows_is_told_how_to_get_some() -> None:
    found = judged(Checkout(), replace(ASKED, answering=frozenset()))

    assert [each.fix for each in found if each.topic == "workflows"] == [
        "sluice init --github"
    ]


def test_a_log_in_a_folder_goes_away_with_the_runner() -> None:
    asked = replace(ASKED, log_branch=None, log_folder=True)

    assert bad(judged(asked=asked)) == [("log", Standing.WARNING)]


def test_what_is_said_of_several_jobs_is_said_once() -> None:
    kept = [each for each in judged() if "environment sluicegate alone" in each.what]

    assert [len(each.places) for each in kept] == [3]


def test_every_check_that_is_bad_says_what_to_do() -> None:
    """The worst there is: each finding has a reason and a way out."""
    nothing = BranchSettings((), {}, None)
    worst = settings(
        branches={"main": nothing, "sluicegate-audit": nothing},
        environments=(),
        retention_days=1,
        secrets=frozenset({"SLUICE_LOG_KEY"}),
    )
    checks: list[HostCheck] = [
        each for each in judged(host=worst) if each.standing is Standing.PROBLEM
    ]

    assert len(checks) == 3
    assert all(each.why and each.fix for each in checks)
