import json
import shlex
from dataclasses import replace

import pytest
from host_setups import LOG, LOG_BRANCH, REVIEWS

from sluicegate.config.github.log_branch import judge_log_branch
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.host_settings import (
    BranchRule,
    BranchSettings,
    Protection,
    Ruleset,
    Unknown,
)

KEPT = Protection(
    may_be_deleted=False, may_be_forced=False, holds_for_admins=True, reviews=None
)


def judged(found: BranchSettings) -> list[HostCheck]:
    return list(judge_log_branch(LOG, found, "acme/churn"))


def rules(*kinds: str) -> BranchSettings:
    found = tuple(BranchRule(kind, 1) for kind in kinds)
    return replace(LOG_BRANCH, rules=found)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ((), "deleted and pushed over"),
        (("deletion",), "pushed over"),
        (("non_fast_forward",), "deleted"),
        (("pull_request",), "deleted and pushed over"),
    ],
)
def test_a_branch_that_can_lose_entries_is_a_problem_with_the_call_that_mends_it(
    kinds: tuple[str, ...], words: str
) -> None:
    found = judged(rules(*kinds))[0]

    assert found.standing is Standing.PROBLEM
    assert found.what == f"it can be {words}"
    assert '"include": ["refs/heads/sluicegate-audit"]' in found.fix


def test_who_may_bypass_the_rules_is_a_problem() -> None:
    bypass = ("administrators", "an app (id 7)")
    rule = Ruleset(1, "log", is_own=True, bypass=bypass)

    found = judged(replace(LOG_BRANCH, rulesets={1: rule}))

    assert [each.standing for each in found] == [Standing.FINE, Standing.PROBLEM]
    assert found[1].what.endswith("does not hold for administrators, an app (id 7)")


def test_a_name_out_of_a_file_is_quoted_in_the_command() -> None:
    found = next(
        judge_log_branch("x';touch${IFS}pwned;'", BranchSettings((), {}, None), "a/b")
    )

    words = shlex.split(found.fix.partition(" | ")[0])

    assert words[0] == "echo"
    (document,) = words[1:]
    assert json.loads(document)["conditions"]["ref_name"]["include"] == [
        "refs/heads/x';touch${IFS}pwned;'"
    ]


@pytest.mark.parametrize(
    "kind",
    [
        *("pull_request", "required_status_checks", "required_signatures", "update"),
        *("merge_queue", "commit_message_pattern", "creation", "of_the_future"),
    ],
)
def test_rules_that_keep_the_log_out_are_a_problem(kind: str) -> None:
    found = judged(rules("deletion", "non_fast_forward", kind))

    assert [each.standing for each in found][-1] is Standing.PROBLEM
    assert kind in found[-1].what


def test_a_linear_history_keeps_no_log_out() -> None:
    found = judged(rules("deletion", "non_fast_forward", "required_linear_history"))

    assert {each.standing for each in found} == {Standing.FINE}


@pytest.mark.parametrize(
    ("protection", "standing"),
    [
        (KEPT, Standing.FINE),
        (replace(KEPT, holds_for_admins=False), Standing.WARNING),
        (replace(KEPT, may_be_deleted=True), Standing.PROBLEM),
        (replace(KEPT, may_be_forced=True), Standing.PROBLEM),
        (replace(KEPT, reviews=REVIEWS), Standing.PROBLEM),
        (replace(KEPT, demands=("signatures",)), Standing.PROBLEM),
        (Unknown("x"), Standing.UNKNOWN),
    ],
)
def test_the_older_kind_of_protection_counts_too(
    protection: Protection | Unknown, standing: Standing
) -> None:
    found = judged(BranchSettings((), {}, protection))

    assert standing in {each.standing for each in found}


def test_rules_of_a_ruleset_that_is_not_named_are_unknown() -> None:
    loose = (BranchRule("deletion", None), BranchRule("non_fast_forward", None))

    found = judged(BranchSettings(loose, {}, None))

    assert found[-1].standing is Standing.UNKNOWN
