"""What the rules of an environment would ask now, before anything is asked. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sluicegate.gates.rules import Policy
from sluicegate.gates.standing import judge_lock
from sluicegate.gates.when import write_length
from sluicegate.gates.windows import judge_windows
from sluicegate.model.decision import Verdict
from sluicegate.model.policy import After, ApprovalRule
from sluicegate.model.state_item import Lock

_SHOWN = 4  # names


def foretell(policy: Policy, lock: Lock | None, now: datetime) -> tuple[str, ...]:
    """Say what a release would have to wait for, in a few words each.

    What a release is made of is not known yet, and neither is its evidence: conditions
    are not judged, and order is named whether or not it is kept already.

    Raises:
        ValueError: a window of the policy was never checked.
    """
    return tuple(dict.fromkeys(_asks(policy, lock, now)))  # layers may ask the same


def _asks(policy: Policy, lock: Lock | None, now: datetime) -> Iterator[str]:
    for layer in policy.layers:
        if layer.approvals is not None:
            yield _people(layer.approvals)
    for layer in policy.layers:
        yield from map(_order, layer.after)
        for result in judge_windows(layer.windows, layer.freezes, now):
            if result.verdict is not Verdict.OPEN:
                yield result.reason
    if lock is not None:
        yield judge_lock(lock).reason


def _people(rule: ApprovalRule) -> str:
    if rule.one_of_each:
        groups = ", ".join(f"@{group.name.lstrip('@')}" for group in rule.one_of_each)
        count = max(rule.count, len(rule.one_of_each))
        return f"asks {count}, one of each of {groups}"
    names = sorted(rule.allowed)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"asks {max(rule.count, 1)} of {', '.join(names[:_SHOWN])}{more}"


def _order(after: After) -> str:
    soak = f" for {write_length(after.soak)}" if after.soak > timedelta(0) else ""
    return f"only what is stable in {after.environment}{soak}"
