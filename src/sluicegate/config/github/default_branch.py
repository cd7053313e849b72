"""Judge what protects the branch that the rules of releases are read from. Pure.

Source:
    GitHub, "Available rules for rulesets"; "About protected branches".
"""

from collections.abc import Iterator

from sluicegate.config.github.log_branch import RULES_PAGE, find_holes
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.host_settings import (
    BranchSettings,
    Protection,
    Reviews,
    Unknown,
)


def judge_default_branch(branch: str, found: BranchSettings) -> Iterator[HostCheck]:
    """Who can change the rules that are read from *branch*, and how."""
    topic = f"protected branch {branch}"
    why = (
        "the rules of releases are read from it: who may push to it decides who may"
        " approve"
    )
    if isinstance(found.rules, Unknown):
        what = f"which rules protect it; needs {found.rules.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
        return
    kinds = {rule.kind for rule in found.rules}
    older = found.protection
    asked_for = [rule.reviews for rule in found.rules if rule.reviews is not None]
    if isinstance(older, Protection) and older.reviews is not None:
        asked_for.append(older.reviews)
    if not asked_for and isinstance(older, Unknown):
        what = f"whether it asks for reviews; needs {older.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
        return
    if not asked_for:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            "it can be pushed to without a pull request",
            why,
            f"{RULES_PAGE} > New branch ruleset: target the default branch, Require a"
            " pull request before merging, 1 approval, Require review from Code Owners,"
            " Restrict deletions, Block force pushes",
        )
        return
    yield from _reviews(topic, asked_for, why)
    if holes := list(find_holes(kinds, found.protection)):
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            f"it can be {' and '.join(holes)}",
            why,
            f"{RULES_PAGE}: Restrict deletions, Block force pushes",
        )
    yield from _exempt(topic, found)


def _reviews(topic: str, asked_for: list[Reviews], why: str) -> Iterator[HostCheck]:
    count = max(each.count for each in asked_for)
    if count == 0:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            "a pull request is merged without anybody's review",
            why,
            f"{RULES_PAGE}: Required approvals: 1",
        )
    if not any(each.by_code_owners for each in asked_for):
        yield HostCheck(
            topic,
            Standing.WARNING,
            "a review by code owners is not asked for",
            "anybody with write access can approve a change of the rules of releases",
            f"{RULES_PAGE}: Require review from Code Owners",
        )
    if not any(each.of_last_push or each.dismissed_by_push for each in asked_for):
        yield HostCheck(
            topic,
            Standing.WARNING,
            "what is pushed after the review is merged unseen",
            "an approved pull request can still get another content",
            f"{RULES_PAGE}: Require approval of the most recent reviewable push",
        )
    if count:
        people = "review" if count == 1 else "reviews"
        yield HostCheck(topic, Standing.FINE, f"a change needs {count} {people}")


def _exempt(topic: str, found: BranchSettings) -> Iterator[HostCheck]:
    older = found.protection
    exempt: list[str] = []
    needs: set[str] = set()
    for ruleset in found.rulesets.values():
        bypass = ruleset if isinstance(ruleset, Unknown) else ruleset.bypass
        if isinstance(bypass, Unknown):
            needs.add(bypass.needs)
        else:
            exempt += bypass
    if isinstance(older, Protection):
        exempt += older.exempt
        exempt += [] if older.holds_for_admins else ["administrators"]
    if exempt:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"its rules do not hold for {', '.join(dict.fromkeys(exempt))}",
            "they can change the rules of releases alone",
            f"{RULES_PAGE}: empty the bypass list",
        )
    if needs:
        what = f"who may bypass its rules; needs {', '.join(sorted(needs))}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
