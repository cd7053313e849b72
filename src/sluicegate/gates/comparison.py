"""Conditions of an environment, and what they say while nothing is released there."""

from collections.abc import Mapping, Sequence

from sluicegate.gates.condition import Condition
from sluicegate.gates.facts import FIRST_RELEASE, hangs_on_release
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.evidence import Value

NOTHING_RELEASED = "nothing is released there to compare with"
"""In the reason of every condition that had no release to compare with."""


def judge_conditions(
    conditions: Sequence[Condition],
    values: Mapping[str, Value],
    *,
    first_release: bool,
    has_approvals: bool,
) -> tuple[ConditionResult, ...]:
    """Judge each of *conditions*, in their order.

    Args:
        conditions: what must hold.
        values: evidence and facts (`gates.facts.values_of`).
        first_release: whether nothing is released there.
        has_approvals: whether people must approve the release.
    """
    return tuple(
        _result(
            condition,
            judge_condition(
                condition,
                values,
                first_release=first_release,
                has_approvals=has_approvals,
            ),
        )
        for condition in conditions
    )


def judge_condition(
    condition: Condition,
    values: Mapping[str, Value],
    *,
    first_release: bool,
    has_approvals: bool,
) -> Decision:
    """Judge one, as `judge_conditions` does.

    The first release has nothing before it. A condition may say itself what holds then,
    by ``environment.first_release``. Else one that lacks nothing but what could be
    measured of an earlier release is for the people to weigh who must approve this one;
    where nobody must, it stays closed.
    """
    missing = [name for name in condition.names if name not in values]
    earlier = [name for name in missing if hangs_on_release([name])]
    if first_release and earlier and FIRST_RELEASE in condition.names:
        return condition.judge_whatever(values, earlier, asks_people=has_approvals)
    if not first_release or not earlier or earlier != missing:
        return condition.judge(values, asks_people=has_approvals)
    text = " ".join(condition.text.split())
    if condition.is_false_whatever(values):
        why = "it does not hold, whatever was measured of an earlier release"
        return Decision(Verdict.CLOSED, f"{text}: {why}")
    if has_approvals:
        why = f"{NOTHING_RELEASED}, which is for those to weigh who approve this"
        return Decision(Verdict.OPEN, f"{text}: {why}")
    why = (
        f"{NOTHING_RELEASED}, and nobody is asked: let the environment ask for"
        f" approvals, or its gate say what holds then, like {FIRST_RELEASE} || ..."
    )
    return Decision(Verdict.CLOSED, f"{text}: {why}")


def _result(condition: Condition, decision: Decision) -> ConditionResult:
    return ConditionResult(condition.text, decision.verdict, decision.reason)
