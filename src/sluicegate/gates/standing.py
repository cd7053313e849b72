"""What a release request must have going for it before any rule is looked at. Pure.

An override mends none of this but the lock.
"""

from collections.abc import Collection, Iterator

from sluicegate.gates.approvals import Hearing, find_mismatch
from sluicegate.gates.human import Humans
from sluicegate.gates.rules import Policy
from sluicegate.gates.when import write_moment
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult
from sluicegate.model.release_request import Answer, Approval, ReleaseRequest
from sluicegate.model.state_item import Lock

_QUOTED = 200  # characters of a reason that somebody gave
_TOLD = 5  # rejects that are told in full; the log, which keeps this, bounds entries
_NEW = "resume the run, which makes a new request"


def judge_standing(
    policy: Policy, hearing: Hearing, *, used: bool
) -> tuple[ConditionResult, ...]:
    """Judge whether the request is in force, and that nobody said no to it.

    Args:
        policy: the rules that judge it; it must name their digest.
        hearing: the request, and what was said.
        used: whether it has opened the environment before.
    """
    verdict, reason = _judge_force(policy, hearing, used=used)
    rejects = list(find_rejects(hearing))
    said = [
        f"rejected by {_name(given, hearing.humans)}: {quote(given.reason)}"
        for given in rejects[:_TOLD]
    ]
    if len(rejects) > _TOLD:
        said.append(f"and {len(rejects) - _TOLD} more")
    return (
        ConditionResult("the request is in force", verdict, reason),
        ConditionResult(
            "nobody rejects it",
            Verdict.CLOSED if rejects else Verdict.OPEN,
            "; ".join(said) or "nobody did",
        ),
    )


def judge_lock(lock: Lock | None) -> ConditionResult:
    """Judge whether somebody keeps the environment locked."""
    if lock is None:
        return ConditionResult("no lock", Verdict.OPEN, "not locked")
    reason = (
        f"locked by {lock.by} since {write_moment(lock.since_ts)}: "
        f"{quote(lock.reason)}; `sluice unlock {lock.environment} --reason ...`"
    )
    return ConditionResult("no lock", Verdict.PENDING, reason)


def judge_pipeline(
    policy: Policy, request: ReleaseRequest, known: Collection[Digest] | None
) -> tuple[ConditionResult, ...]:
    """Judge whether the stages that the release came through are ones that were agreed.

    A pipeline that the protected branch never had may scan for less, or test less,
    under the names of stages that are trusted. What goes back to an earlier release
    came through a pipeline then.

    Args:
        policy: the rules; where they ask for nothing, nothing can be loosened.
        request: what is asked for.
        known: what pipelines the protected branch has had, None if nobody looked.
    """
    if known is None or not policy.asks_for_something or request.rollback:
        return ()
    if request.definition == policy.definition or request.definition in known:
        verdict, reason = Verdict.OPEN, "it is, or has been, the one there"
    else:
        verdict = Verdict.CLOSED
        reason = (
            f"the pipeline file is none that {policy.branch} has or has had: its stages"
            " may ask for less; merge it first"
        )
    return (ConditionResult(f"the pipeline is {policy.branch}'s", verdict, reason),)


def find_rejects(hearing: Hearing) -> Iterator[Approval]:
    """Find whoever says no to the request, in the order of the log.

    Anybody who is listed in ``allowed_signers`` may, at any time, and whatever part
    they have in the release; only services may not. A request's id is of one
    environment, so a no to it is one whichever environment it names.
    """
    for given in sorted(hearing.answers, key=lambda answer: answer.index):
        if given.answer is Answer.REJECT and not object_to_reject(given, hearing):
            yield given


def object_to_reject(given: Approval, hearing: Hearing) -> str:
    """Say why the reject *given* does not count; empty if it does."""
    if given.request != hearing.request_id:
        return find_mismatch(given, hearing)
    if given.flaw:
        return given.flaw
    people = any(map(hearing.humans.is_person, given.identities))
    if given.identities and not people:
        return "a service or a bot is no person"
    return ""


def write_who(given: Approval) -> str:
    """Say what *given* was signed as; its key, where that is nobody's."""
    return ", ".join(given.identities) or given.key


def _name(given: Approval, humans: Humans) -> str:
    """Name whoever signed *given*: the log keeps names, and no addresses."""
    return ", ".join(humans.names(given.identities)) or given.key


def quote(text: str) -> str:
    """Bring what somebody wrote to one line that is not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}…"


def _judge_force(
    policy: Policy, hearing: Hearing, *, used: bool
) -> tuple[Verdict, str]:
    request, now = hearing.request, hearing.now
    if request.environment != policy.environment:
        why = f"the request is for {request.environment}, not {policy.environment}"
        return Verdict.CLOSED, why
    if used:
        return (
            Verdict.CLOSED,
            "the request has been used: it opens the environment once",
        )
    if request.policy != policy.digest:
        return Verdict.PENDING, f"the rules have changed since the request; {_NEW}"
    if request.created > now:
        when = write_moment(request.created)
        return (
            Verdict.PENDING,
            f"the request was made in the future, {when}: check the clock",
        )
    lasts = [
        layer.approvals.request_lasts for layer in policy.layers if layer.approvals
    ]
    shortest = min([request.expires - request.created, *lasts])
    until = write_moment(request.created + shortest)
    if now - request.created >= shortest:
        return Verdict.PENDING, f"the request has expired, {until}; {_NEW}"
    return Verdict.OPEN, f"good until {until}"
