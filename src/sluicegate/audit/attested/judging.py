"""Whether what a code host says is somebody's answer to a release request. Pure.

Each condition has a reason of its own. The same function judges when an answer is taken
in and whenever it is to count, then with the rules that the protected branch has by
then. Whether whoever answers may, is judged with all other answers, by the policy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sluicegate.audit.attested.said import read_comment, read_review, read_run
from sluicegate.audit.attested.words import (
    WORKFLOWS,
    Refusal,
    Word,
    answer_of,
    is_repository,
    is_workflow,
    parse_body,
    parse_title,
    place_of_comment,
    place_of_review,
    place_of_run,
    requests_in,
    require_account,
)
from sluicegate.errors import IntegrityError
from sluicegate.model.attestation import Attestation
from sluicegate.model.code_host import Account, WorkflowRun
from sluicegate.model.digest import Digest
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer, ReleaseRequest

MAX_AHEAD = timedelta(minutes=5)
"""How far the clock of the code host may be ahead of the recorder's."""

_MAY_WRITE = frozenset(("write", "maintain", "admin"))
_ABBREVIATED = 7  # hex digits of a commit, for people


@dataclass(frozen=True)
class Expected:
    """What an answer to *request* must agree with.

    Attributes:
        log: the origin of the log.
        request: what is asked for.
        branch: the protected branch, by its short name.
        workflow: the digest of a workflow's file at the branch's tip, by its path; None
            if there is none.
    """

    log: str
    request: ReleaseRequest
    branch: str
    workflow: Callable[[str], Digest | None]


def judge(
    kept: Attestation, expected: Expected, *, is_recorded: bool = False
) -> Word | Refusal:
    """Whose answer *kept* is, or why it is none.

    What somebody has changed on the protected branch since it was taken in makes no
    *recorded* no undone.
    """
    try:
        word = _judge(kept, expected, is_recorded=is_recorded)
    except IntegrityError as error:
        return Refusal(str(error))
    if isinstance(word, Refusal):
        return word
    return next(map(Refusal, _object(kept, word, expected)), word)


def _judge(
    kept: Attestation, expected: Expected, *, is_recorded: bool
) -> Word | Refusal:
    match kept.way:
        case Way.DISPATCH:
            return _judge_run(kept, expected, is_recorded=is_recorded)
        case Way.COMMENT:
            return _judge_comment(kept)
        case Way.REVIEW:
            return _judge_review(kept, expected)
        case Way.SIGNATURE:
            raise IntegrityError("no code host attests a signature")


def hear_run(run: WorkflowRun) -> tuple[Answer, Digest] | Refusal:
    """What *run* says, if it says anything."""
    found = parse_title(run.title)
    return found or Refusal(
        "its title is not `sluice approve` or `sluice reject` and the whole id of a"
        " request"
    )


def _judge_run(
    kept: Attestation, expected: Expected, *, is_recorded: bool
) -> Word | Refusal:
    run = read_run(kept.said)
    heard = hear_run(run)
    if isinstance(heard, Refusal):
        return heard
    answer, request = heard
    is_kept_no = is_recorded and answer is Answer.REJECT
    branch = kept.branch if is_kept_no else expected.branch
    why = judge_alone(run, kept.number, branch, is_own=kept.is_own, answer=answer)
    if why is not None:
        return why
    if not is_kept_no:
        changed = next(_object_to_workflow(kept, run, expected), None)
        if changed is not None:
            return Refusal(changed)
    return Word(
        place=place_of_run(run.number),
        request=request,
        answer=answer,
        account=require_account(run.actor),
        created=run.created,
        url=run.url,
        workflow=run.path.removeprefix(WORKFLOWS),
    )


def judge_alone(
    run: WorkflowRun, repository: int, branch: str, *, is_own: bool, answer: Answer
) -> Refusal | None:
    """Why *run* is no answer, by what it is itself; None if it may be one.

    Args:
        run: as the host shows it.
        repository: the number of the repository.
        branch: the protected branch.
        is_own: whether it records itself.
        answer: what it says.

    Raises:
        IntegrityError: nobody is known to have started it.
    """
    objections = (*_object_to_run(run, repository, branch), *_object_to_who(run))
    for why in objections:
        return Refusal(why)
    return _judge_end(run, is_own=is_own, answer=answer)


def _object_to_run(run: WorkflowRun, repository: int, branch: str) -> Iterator[str]:
    """Why *run* is none that answers, by what it is itself."""
    if run.repository != repository:
        yield f"it is a run of another repository, number {run.repository}"
    if run.event != "workflow_dispatch":
        yield f"it was started by {run.event}, and not by hand (workflow_dispatch)"
    if run.branch != branch:
        yield f"it ran on {run.branch or 'no branch'}, not on {branch}"
    if not is_workflow(run.path):
        yield f"its workflow {run.path} is no file in {WORKFLOWS}"


def _judge_end(run: WorkflowRun, *, is_own: bool, answer: Answer) -> Refusal | None:
    if run.status != "completed":
        if is_own:
            return None  # it records itself, and so cannot have ended
        return Refusal(f"it has not ended yet: it is {run.status}", may_change=True)
    if answer is Answer.REJECT:
        return None  # else anybody who may write could cancel somebody's no
    if run.conclusion != "success":
        return Refusal(f"it ended with {run.conclusion}, not with success")
    return None


def _object_to_who(run: WorkflowRun) -> Iterator[str]:
    if run.attempt != 1:
        yield (
            f"it was run again (attempt {run.attempt}), which anybody may do in whose"
            " name it runs: start a new one"
        )
    started = require_account(run.actor)
    again = require_account(run.again_by)
    if started.number != again.number or started.login != again.login:
        yield f"{started.login} started it, and {again.login} ran it again"


def _object_to_workflow(
    kept: Attestation, run: WorkflowRun, expected: Expected
) -> Iterator[str]:
    branch, at = expected.branch, run.commit[:_ABBREVIATED]
    if kept.branch != branch:
        yield f"{kept.branch} was the protected branch then, and is not any more"
    if not kept.is_in_branch:
        yield f"its commit {at} is not in the history of {branch}, as fetched last"
    there = expected.workflow(run.path)
    if kept.workflow is None:
        yield f"{run.path} was not there at its commit {at}"
    elif there is None:
        yield f"{run.path} is not on {branch}"
    elif kept.workflow != there:
        yield (
            f"{run.path} at its commit {at} is not what {branch} has now: fetch, or"
            " start a new one"
        )


def _judge_comment(kept: Attestation) -> Word | Refusal:
    found = read_comment(kept.said)
    comment = found.comment
    heard = parse_body(comment.body)
    if heard is None:
        return Refusal(
            "it is not `/sluice approve` or `/sluice reject` and the whole id of a"
            " request, and nothing else"
        )
    if comment.created != comment.updated:
        return Refusal("it was edited: anybody who may write may put words there")
    if found.by_app:
        return Refusal("an app wrote it in somebody's name")
    if f"/{kept.repository.casefold()}/" not in comment.url.casefold():
        return Refusal(f"it is in another repository than {kept.repository}")
    answer, request = heard
    return Word(
        place=place_of_comment(comment.number),
        request=request,
        answer=answer,
        account=require_account(comment.account),
        created=comment.created,
        url=comment.url,
    )


def _judge_review(kept: Attestation, expected: Expected) -> Word | Refusal:
    review, run = read_review(kept.said), read_run(kept.about)
    answer = answer_of(review)
    if answer is None:
        return Refusal(f"it is {review.state}: nobody has answered", may_change=True)
    if run.repository != kept.number:
        return Refusal(f"it is of a run of another repository, number {run.repository}")
    if run.branch != expected.branch:
        where = run.branch or "no branch"
        return Refusal(f"the run is on {where}, not on {expected.branch}")
    if kept.environment not in review.environments:
        entered = ", ".join(review.environments)
        return Refusal(f"it is about {entered}, not {kept.environment}")
    if kept.request not in requests_in(review.comment):
        return Refusal("its comment does not hold the whole id of the request")
    account = require_account(review.account)
    return Word(
        place=place_of_review(run.number, account.number, kept.request),
        request=kept.request,
        answer=answer,
        account=account,
        # The host does not say when: not before both of these.
        created=max(run.created, expected.request.created),
        url=run.url,
    )


def _object(kept: Attestation, word: Word, expected: Expected) -> Iterator[str]:
    """Why *word* is no answer, whichever way it was given."""
    request = expected.request
    if kept.log != expected.log or request.log != expected.log:
        yield f"it was taken into another log, {kept.log}"
    if not is_repository(kept.repository, request.repository):
        yield (
            f"it was given in {kept.repository}, and the request is about another"
            f" repository, {request.repository}"
        )
    if word.request != kept.request:
        yield f"about another request, {word.request.short}"
    if request.environment != kept.environment:
        yield f"about {kept.environment}, not {request.environment}"
    yield from _object_to_giver(word.account, kept)
    yield from _object_to_time(word.created, kept.observed, request)


def _object_to_giver(account: Account, kept: Attestation) -> Iterator[str]:
    if not account.is_person:
        yield f"{account.login} is a bot or an app, and no person"
    if kept.way is not Way.REVIEW and kept.role not in _MAY_WRITE:
        role = kept.role or "none"
        yield (
            f"{account.login} had the role {role} in {kept.repository}; it takes write,"
            " maintain or admin"
        )


def _object_to_time(
    created: datetime, observed: datetime, request: ReleaseRequest
) -> Iterator[str]:
    # The host's clock has whole seconds.
    if created < request.created.replace(microsecond=0):
        yield f"it was given before the request was made, {_write(created)}"
    if created >= request.expires:
        yield f"it was given after the request had expired, {_write(created)}"
    if created > observed + MAX_AHEAD:
        yield f"it is of the future: {_write(created)}"


def _write(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
