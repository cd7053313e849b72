"""Reviews of an environment on the code host, as a lock of their own. Pure.

They are no answer among others: the host says neither when they were made nor about
which artifact. What ties one to a request is that its comment holds the request's id.
"""

from sluicegate.gates.approvals import Hearing
from sluicegate.gates.linking import find_bars
from sluicegate.gates.rules import Rules
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.policy import ApprovalRule, ReviewLock, Way
from sluicegate.model.release_request import Answer, Approval


def judge_reviews(rules: Rules, hearing: Hearing) -> tuple[ConditionResult, ...]:
    """Judge whether somebody has reviewed the request, where *rules* require it."""
    rule = rules.approvals
    if rule is None or rule.reviews is not ReviewLock.REQUIRED:
        return ()
    text = f"review on the code host as {rules.source} asks"
    why: list[str] = []
    for given in sorted(hearing.answers, key=lambda answer: answer.index):
        is_meant = given.request == hearing.request_id and given.way is Way.REVIEW
        if not is_meant or given.answer is not Answer.APPROVE:
            continue
        reason = _object(rule, given, hearing)
        if not reason:
            by = ", ".join(hearing.humans.names(given.identities))
            return (ConditionResult(text, Verdict.OPEN, f"reviewed by {by}"),)
        why.append(reason)
    environment = hearing.request.environment
    reason = (
        f"nobody has reviewed it yet: approve the environment {environment} on the code"
        f" host, with {hearing.request_id.hex} in the comment"
    )
    if why:
        reason = f"{reason}; a review does not count: {why[-1]}"
    return (ConditionResult(text, Verdict.PENDING, reason),)


def _object(rule: ApprovalRule, given: Approval, hearing: Hearing) -> str:
    """Why a review does not count; empty if it does."""
    if given.flaw:
        return given.flaw
    if any(map(hearing.humans.is_service, given.identities)):
        return "a service or a bot is no person"
    if given.recorded > hearing.now:
        return "recorded in the future: a clock was set back"
    if hearing.now - min(given.created, given.recorded) >= rule.approval_lasts:
        return "it has expired"
    known = hearing.humans.behind(given.identities)
    bars = find_bars(rule.exclude, hearing.request, hearing.answers)
    return next((did for identity, did in bars.items() if identity in known), "")
