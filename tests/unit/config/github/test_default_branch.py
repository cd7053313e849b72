from dataclasses import replace
from typing import Any

import pytest
from host_setups import MAIN, REVIEWS

from sluicegate.config.github.default_branch import judge_default_branch
from sluicegate.model.host_check import Standing
from sluicegate.model.host_settings import (
    BranchRule,
    BranchSettings,
    Protection,
    Reviews,
    Ruleset,
    Unknown,
)

KEPT = Protection(
    may_be_deleted=False, may_be_forced=False, holds_for_admins=True, reviews=REVIEWS
)


def worst(found: BranchSettings) -> list[tuple[Standing, str]]:
    return [
        (each.standing, each.what)
        for each in judge_default_branch("main", found)
        if each.standing is not Standing.FINE
    ]


def with_reviews(reviews: Reviews) -> BranchSettings:
    rules = (
        BranchRule("deletion", 2),
        BranchRule("non_fast_forward", 2),
        BranchRule("pull_request", 2, reviews),
    )
    return replace(MAIN, rules=rules)


@pytest.mark.parametrize(
    "found", [MAIN, BranchSettings((), {}, KEPT)], ids=["rules", "protection"]
)
def test_a_branch_that_asks_for_a_review_of_everything_is_fine(
    found: BranchSettings,
) -> None:
    assert worst(found) == []


def test_a_branch_that_everybody_pushes_to_is_a_problem() -> None:
    assert worst(BranchSettings((), {}, None)) == [
        (Standing.PROBLEM, "it can be pushed to without a pull request")
    ]


@pytest.mark.parametrize(
    ("reviews", "standing", "words"),
    [
        (replace(REVIEWS, count=0), Standing.PROBLEM, "without anybody's review"),
        (replace(REVIEWS, by_code_owners=False), Standing.WARNING, "by code owners"),
        (
            replace(REVIEWS, of_last_push=False, dismissed_by_push=False),
            Standing.WARNING,
            "merged unseen",
        ),
    ],
)
def test_reviews_that_can_be_gone_round_are_named(
    reviews: Reviews, standing: Standing, words: str
) -> None:
    ((found, what),) = worst(with_reviews(reviews))

    assert found is standing
    assert words in what


@pytest.mark.parametrize(
    "changes",
    [{"may_be_forced": True}, {"may_be_deleted": True}],
)
def test_a_branch_that_can_be_pushed_over_is_a_problem(
    changes: dict[str, Any],
) -> None:
    protection = replace(KEPT, **changes)

    ((standing, _),) = worst(BranchSettings((), {}, protection))

    assert standing is Standing.PROBLEM


@pytest.mark.parametrize(
    "found",
    [
        replace(MAIN, rulesets={2: Ruleset(2, "m", is_own=True, bypass=("bob",))}),
        BranchSettings((), {}, replace(KEPT, exempt=("bob",))),
        BranchSettings((), {}, replace(KEPT, holds_for_admins=False)),
    ],
    ids=["bypass", "allowance", "administrators"],
)
def test_who_need_not_keep_to_the_rules_is_warned_of(found: BranchSettings) -> None:
    ((standing, what),) = worst(found)

    assert standing is Standing.WARNING
    assert "do not hold for" in what


def test_protection_that_may_not_be_read_is_unknown_where_it_decides() -> None:
    hidden = BranchSettings((), {}, Unknown("Administration: read"))

    ((standing, what),) = worst(hidden)

    assert standing is Standing.UNKNOWN
    assert "Administration: read" in what
