"""Judge what keeps history in the branch that a log is in. Pure.

Source:
    GitHub, "Available rules for rulesets"; "About protected branches".
"""

import json
from collections.abc import Collection, Iterator
from shlex import quote

from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.host_settings import (
    BranchSettings,
    Protection,
    Ruleset,
    Told,
    Unknown,
)

DELETION, FORCE = "deletion", "non_fast_forward"
RULES_PAGE = "Settings > Rules > Rulesets"
_HARMLESS = frozenset(
    {
        *(DELETION, FORCE, "required_linear_history"),
        *("copilot_code_review", "max_file_path_length"),
    }
)
"""Rules that let an ordinary push of the log through."""


def judge_log_branch(
    branch: str, found: BranchSettings, name: str
) -> Iterator[HostCheck]:
    """What can happen to the log in *branch* of the repository *name*."""
    topic = f"log branch {branch}"
    make = _make(branch, name)
    if isinstance(found.rules, Unknown):
        what = f"which rules protect it; needs {found.rules.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
        return
    kinds = {rule.kind for rule in found.rules}
    holes = list(find_holes(kinds, found.protection))
    if holes:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            f"it can be {' and '.join(holes)}",
            "who may push can take entries out of the log; only machines that have"
            " seen it before would notice",
            make,
        )
    elif not {DELETION, FORCE} <= kinds:
        yield _older_kind(topic, found, make)
    else:
        what = "it can neither be deleted nor pushed over"
        yield HostCheck(topic, Standing.FINE, what)
        kept = {rule.ruleset for rule in found.rules if rule.kind in {DELETION, FORCE}}
        yield from _bypass(topic, found, kept)
    yield from _in_the_way(topic, branch, found)


def _make(branch: str, name: str) -> str:
    """The command that makes the ruleset. Names come from files: they are quoted."""
    wanted = {
        "name": "sluicegate log",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {
            "ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}
        },
        "rules": [{"type": DELETION}, {"type": FORCE}],
    }
    path = quote(f"repos/{name}/rulesets")
    return f"echo {quote(json.dumps(wanted))} | gh api {path} --input -"


def _older_kind(topic: str, found: BranchSettings, make: str) -> HostCheck:
    older = found.protection
    assert isinstance(older, Protection)  # there are no holes, and no ruleset
    if older.holds_for_admins:
        what = "a branch protection rule keeps it, for administrators, too"
        return HostCheck(topic, Standing.FINE, what)
    return HostCheck(
        topic,
        Standing.WARNING,
        "a branch protection rule keeps it, from which administrators are exempt",
        "an administrator can delete the log or push over it",
        make,
    )


def _bypass(
    topic: str, found: BranchSettings, numbers: set[int | None]
) -> Iterator[HostCheck]:
    for number in sorted(number for number in numbers if number is not None):
        ruleset = found.rulesets.get(number, Unknown("Administration: read"))
        if isinstance(ruleset, Unknown):
            what = f"who may bypass ruleset {number}; needs {ruleset.needs}"
            yield HostCheck(topic, Standing.UNKNOWN, what)
            continue
        name = f"ruleset {ruleset.name!r}"
        if isinstance(ruleset.bypass, Unknown):
            what = f"who may bypass {name}; needs {ruleset.bypass.needs}"
            yield HostCheck(topic, Standing.UNKNOWN, what)
        elif ruleset.bypass:
            yield HostCheck(
                topic,
                Standing.PROBLEM,
                f"{name} does not hold for {', '.join(ruleset.bypass)}",
                "they can take entries out of the log",
                _empty_list(ruleset),
            )
        else:
            yield HostCheck(topic, Standing.FINE, f"nobody may bypass {name}")
    if None in numbers:
        what = "of which ruleset its rules are, and so who may bypass them"
        yield HostCheck(topic, Standing.UNKNOWN, what)


def _empty_list(ruleset: Ruleset) -> str:
    where = RULES_PAGE if ruleset.is_own else "the organization's rulesets"
    return f"{where} > {ruleset.name} > Bypass list: remove all of them"


def _in_the_way(topic: str, branch: str, found: BranchSettings) -> Iterator[HostCheck]:
    assert not isinstance(found.rules, Unknown)
    barring = [rule.kind for rule in found.rules if rule.kind not in _HARMLESS]
    if isinstance(found.protection, Protection):
        older = found.protection
        barring += ["a pull request"] if older.reviews else []
        barring += older.demands
    if unmet := sorted(set(barring)):
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            f"its rules ask for what a log cannot do: {', '.join(unmet)}",
            "every push of the log is refused, and every run that records with it",
            f"{RULES_PAGE}: leave {branch} out of those rules (Target branches >"
            f" Exclude by pattern > {branch})",
        )
    if isinstance(found.protection, Unknown):
        what = "whether a branch protection rule is in the way; needs"
        said = f"{what} {found.protection.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, said)


def find_holes(kinds: Collection[str], older: Told[Protection | None]) -> Iterator[str]:
    """What can be done to a branch with rules of *kinds* that takes history from it."""
    may_delete, may_force = True, True
    if isinstance(older, Protection):
        may_delete, may_force = older.may_be_deleted, older.may_be_forced
    if may_delete and DELETION not in kinds:
        yield "deleted"
    if may_force and FORCE not in kinds:
        yield "pushed over"
