"""What a step does that is an approval: it takes itself into the log, as an answer.

The workflow's run *is* the answer: who started it, when, and what its title says. The
step only records it, and says how the request stands by then.
"""

from collections.abc import Iterator

from sluicegate.audit.attested.taking import Taken
from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.github.ended import Ended, outputs_of_head
from sluicegate.cli.github.step_context import Step
from sluicegate.errors import UsageError
from sluicegate.model.decision import Verdict
from sluicegate.model.release_request import Answer
from sluicegate.report.github.reason_codes import ReasonCode
from sluicegate.report.github.shown import Said
from sluicegate.wiring.github.answers import Stands, TakenIn, take_in_run
from sluicegate.wiring.github.recording import why_unrecorded
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.requests import Requests

_CODES = {
    Verdict.OPEN: (ExitCode.OPEN, ReasonCode.APPROVED),
    Verdict.PENDING: (ExitCode.PENDING, ReasonCode.APPROVAL_MISSING),
    Verdict.CLOSED: (ExitCode.CLOSED, ReasonCode.APPROVAL_REJECTED),
}


def approve(step: Step) -> Ended:
    """Record the run of this workflow as an answer to a release request."""
    has_key = step.machine.given_key is not None
    why_unrecorded(step.inputs, step.occasion, has_key=has_key)
    if step.host is None or step.occasion.run is None:
        raise UsageError(
            "this workflow's run is the approval, and GitHub cannot be asked for it",
            hint="leave the input token as it is, and give the job `actions: read`",
        )
    project = open_project(step.machine, step.inputs.file)
    inboxes = Inboxes(LogPlace.of_project(project), project.file)
    taken = take_in_run(
        inboxes, step.host, step.occasion.run, step.occasion, starts=False
    )
    return conclude(step, taken, Requests(inboxes))


def conclude(step: Step, taken: TakenIn, requests: Requests) -> Ended:
    """How the request stands, by the log that *requests* are read from."""
    refused = [each for each in taken.answers if each.reason]
    lines = (*map(describe_answer, taken.answers), *_describe(taken.requests))
    head = requests.log.head() if requests.log is not None else None
    outputs = outputs_of_head(head)
    if taken.requests:
        outputs["request-id"] = taken.requests[0].request.hex
    if refused or not taken.requests:
        why = refused[0].reason if refused else "it answers no request of this log"
        title = f"this run does not count as an answer: {why}"
        hint = "start the workflow anew; `sluice approvals` lists what waits"
        said = Said("closed", title, lines, hint, head)
        refusal = ReasonCode.APPROVAL_REFUSED
        return Ended(ExitCode.CLOSED, refusal, (said,), outputs)
    stands = taken.requests[0]
    code, reason = _CODES[stands.verdict or Verdict.PENDING]
    title = f"{_verb(step.inputs.answer)} {stands.environment}, request"
    said = Said(
        code.name.lower(),
        f"{title} {stands.request.short}",
        lines,
        _next(code),
        head,
    )
    return Ended(code, reason, (said,), outputs, is_done=True)


def describe_answer(answer: Taken) -> str:
    """What became of an answer, in a line."""
    if answer.word is None:
        return f"{answer.place}: not taken in: {answer.reason}"
    said = f"{answer.word.answer.value} of {answer.word.account.login}"
    request = answer.word.request.hex[:12]
    became = "is in the log" if not answer.reason else f"not taken in: {answer.reason}"
    return f"{said}, request {request}: {became}"


def _describe(requests: tuple[Stands, ...]) -> Iterator[str]:
    for each in requests:
        verdict = each.verdict.value if each.verdict else "cannot be told"
        yield f"{each.environment}, request {each.request.short}: {verdict}"
        yield from (f"  missing: {line}" for line in each.missing)


def _verb(answer: Answer) -> str:
    return "approved" if answer is Answer.APPROVE else "rejected"


def _next(code: ExitCode) -> str:
    match code:
        case ExitCode.OPEN:
            return "the rollout workflow goes on with it"
        case ExitCode.PENDING:
            return "the others who are missing start this workflow, too"
        case _:
            return "the release does not go on; a new run asks anew"
