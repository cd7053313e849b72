"""Settings of an environment to rules: names resolved, by one file alone."""

from sluicegate.config.entry_rules import approvers, groups_of
from sluicegate.config.people import Who
from sluicegate.gates.condition import Condition
from sluicegate.gates.rules import Rules
from sluicegate.model import policy
from sluicegate.model.policy import After, ApprovalRule, OverrideRule, Way
from sluicegate.stages.release_rules import (
    Approvals,
    Freeze,
    Override,
    ReleaseRules,
    Window,
)


def build_rules(
    source: str, who: Who, rules: ReleaseRules, conditions: tuple[Condition, ...]
) -> Rules:
    """What the file *source* asks, with the people and groups of *who*."""
    return Rules(
        source=source,
        people=who.as_people(),
        approvals=None if rules.approvals is None else _approvals(who, rules.approvals),
        override=None if rules.override is None else _override(who, rules.override),
        after=tuple(After(name, soak) for name, soak in rules.after.items()),
        windows=tuple(_window(each) for each in rules.windows),
        freezes=tuple(_freeze(each) for each in rules.freeze),
        conditions=conditions,
    )


def _approvals(who: Who, approvals: Approvals) -> ApprovalRule:
    return ApprovalRule(
        allowed=approvers(who, approvals),
        count=approvals.count,
        one_of_each=groups_of(who, approvals),
        exclude=frozenset(approvals.exclude),
        request_lasts=approvals.expires.request,
        approval_lasts=approvals.expires.approval,
        reason_required=approvals.reason_required,
        by=frozenset(map(Way, approvals.by)),
        workflow=approvals.workflow,
        reviews=approvals.environment_reviews,
    )


def _override(who: Who, override: Override) -> OverrideRule:
    return OverrideRule(who.resolve(override.from_), override.count)


def _window(window: Window) -> policy.Window:
    return policy.Window(window.cron, window.lasts, window.timezone)


def _freeze(freeze: Freeze) -> policy.Freeze:
    again = None
    if freeze.cron is not None and freeze.lasts is not None:
        again = policy.Window(freeze.cron, freeze.lasts, freeze.timezone or "UTC")
    return policy.Freeze(freeze.reason, freeze.from_, freeze.to, again)
