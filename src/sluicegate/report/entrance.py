"""Who let a release into its environment, and by which rules. Pure.

Nothing here is escaped: whoever makes lines of it does that with all of them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sluicegate.model.decision import Verdict
from sluicegate.model.deployment import Deployment, Standing
from sluicegate.model.digest import Digest
from sluicegate.model.event import CountedApproval, EnvironmentEntered
from sluicegate.model.log_state import ACCOUNT_KEY
from sluicegate.model.state_item import GivenAnswer
from sluicegate.report.moment import format_moment

Answers = Mapping[Digest, GivenAnswer]
"""What people said, by the digest of what they signed; not what was pruned since."""


def describe_approvers(row: Deployment, answers: Answers) -> str:
    """Who approved the release, in one line."""
    if row.entrance is None:
        return _nobody(row)
    entered = row.entrance.entered
    people = ", ".join(each.person for each in entered.approvals)
    if entered.override:
        why = "; ".join(_reasons(entered, answers))
        return f"OVERRIDDEN by {people or 'nobody known'}{f': {why}' if why else ''}"
    return people or "nobody: the rules asked for no person"


def _nobody(row: Deployment) -> str:
    if row.run is None:
        return "not known any more: the entries that said it were pruned"
    if row.standing is Standing.FOUND:
        return "nobody, by this log: it came there by other means"
    return "nobody: no rules were in force"


def _reasons(entered: EnvironmentEntered, answers: Answers) -> Iterator[str]:
    for each in entered.approvals:
        given = answers.get(each.statement)
        if given is not None and given.reason:
            yield " ".join(given.reason.split())


def entrance_lines(row: Deployment, answers: Answers) -> Iterator[str]:
    """Who approved the release and by which rules, with every digest in full."""
    if row.entrance is None:
        yield f"approved   {_nobody(row)}"
        return
    entered = row.entrance.entered
    if entered.override:
        yield "OVERRIDDEN the rules did not let it in: somebody broke the glass"
    word = "override" if entered.override else "approved"
    for each in entered.approvals:
        yield f"{word:<9}  {each.person}, {_describe_key(each.key)}"
        yield f"           statement {each.statement}"
        yield f"           {_recorded(each, answers)}"
        word = ""
    if not entered.approvals:
        yield f"{word:<9}  nobody: the rules asked for no person"
    if entered.request is not None:
        yield f"request    {entered.request}"
    yield f"rules      {entered.policy}"
    yield f"           {entered.branch} at {entered.commit}"
    for result in entered.conditions:
        if entered.override and result.verdict is not Verdict.OPEN:
            yield f"NOT MET    {result.condition}: {result.reason}"
    at = format_moment(row.entrance.at)
    yield f"entered    {at}, entry {row.entrance.index}"


def _describe_key(key: str) -> str:
    """What somebody answered with: no account has a key that looks like one."""
    number = key.removeprefix(ACCOUNT_KEY)
    return f"key {key}" if number == key else f"account {number} on the code host"


def _recorded(approval: CountedApproval, answers: Answers) -> str:
    given = answers.get(approval.statement)
    if given is None:
        return "its entry was pruned"
    why = f": {' '.join(given.reason.split())}" if given.reason else ""
    return f"recorded {format_moment(given.recorded_ts)}, entry {given.index}{why}"


def entrance_document(row: Deployment, answers: Answers) -> dict[str, object] | None:
    """The same for machines; None where no entry gate is known to have opened."""
    if row.entrance is None:
        return None
    entrance, entered = row.entrance, row.entrance.entered
    return {
        "entry": entrance.index,
        "event_id": entrance.event_id,
        "recorded": write_stamp(entrance.at),
        "override": entered.override,
        "request": None if entered.request is None else str(entered.request),
        "policy": {
            "digest": str(entered.policy),
            "branch": entered.branch,
            "commit": entered.commit,
        },
        "conditions": [
            {
                "condition": result.condition,
                "verdict": result.verdict.value,
                "reason": result.reason,
            }
            for result in entered.conditions
        ],
        "approvals": [
            _approval(each, answers.get(each.statement)) for each in entered.approvals
        ],
    }


def _approval(
    approval: CountedApproval, given: GivenAnswer | None
) -> dict[str, object]:
    return {
        "person": approval.person,
        "key": approval.key,
        "statement": str(approval.statement),
        "answer": None if given is None else given.answer.value,
        "reason": None if given is None else given.reason,
        "recorded": None if given is None else write_stamp(given.recorded_ts),
        "entry": None if given is None else given.index,
    }


def write_stamp(at: datetime) -> str:
    """A moment for machines: ISO 8601 in UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
