"""Combine decisions. Silence is never consent."""

from collections.abc import Sequence

from sluicegate.model.decision import Decision, Verdict


def all_of(decisions: Sequence[Decision]) -> Decision:
    """Open only if every decision is open.

    CLOSED outweighs PENDING, PENDING outweighs OPEN. No decisions at all are CLOSED: an
    empty list is a slip in the pipeline file, not permission to release. Whatever is
    not OPEN blocks, so a verdict added later cannot leak through.
    """
    if not decisions:
        return Decision(Verdict.CLOSED, "the gate has no condition")
    closed = [d.reason for d in decisions if d.verdict is Verdict.CLOSED]
    if closed:
        return Decision(Verdict.CLOSED, "; ".join(closed))
    waiting = [d.reason for d in decisions if d.verdict is not Verdict.OPEN]
    if waiting:
        return Decision(Verdict.PENDING, "; ".join(waiting))
    if len(decisions) == 1:
        return decisions[0]
    return Decision(Verdict.OPEN, f"all {len(decisions)} conditions hold")
