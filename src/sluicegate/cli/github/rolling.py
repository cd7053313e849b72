"""What a step does that goes on with what waits: nothing of it takes any waiting.

Answers are taken in, runs whose release request is open now are resumed, each at its
own commit, and rollouts under way get their tick. One that cannot go on keeps no other.
"""

from collections.abc import Collection, Iterator

from sluicegate.audit.history import read_run
from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode, for_error
from sluicegate.cli.github.approving import describe_answer
from sluicegate.cli.github.ended import Ended, failed, outputs_of_head
from sluicegate.cli.github.step_context import Step
from sluicegate.engine.machine import fold, is_final
from sluicegate.errors import (
    ExternalError,
    Interrupted,
    TransientError,
    UsageError,
)
from sluicegate.model.decision import Verdict
from sluicegate.model.state_item import OpenRequest, OpenRollout
from sluicegate.report.escape import escape
from sluicegate.report.github.reason_codes import ReasonCode
from sluicegate.report.github.shown import Said
from sluicegate.wiring.absorbing import Absorption, describe, open_recorder
from sluicegate.wiring.github.answers import take_in_all
from sluicegate.wiring.github.recording import why_unrecorded
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.project import Project
from sluicegate.wiring.request_judging import Judging
from sluicegate.wiring.request_view import Viewer
from sluicegate.wiring.requests import Requests
from sluicegate.wiring.rollouts import Rollouts, open_tick

# Of several, the step ends as the one that most needs a look.
_WORST = (
    ExitCode.TAMPERED,
    ExitCode.USAGE,
    ExitCode.BROKEN,
    ExitCode.CLOSED,
    ExitCode.PENDING,
    ExitCode.OPEN,
)


def roll_out(step: Step) -> Ended:
    """Go on with everything that may go on."""
    step.machine.check_runs_stages()
    has_key = step.machine.given_key is not None
    why_unrecorded(step.inputs, step.occasion, has_key=has_key)
    project = open_project(step.machine, step.inputs.file)
    inboxes = Inboxes(LogPlace.of_project(project), project.file)
    if inboxes.place.store.load() is None:
        return _nothing(Requests(inboxes), "the log has not begun")
    _take_in(step, inboxes)
    ready = list(_ready(step, Requests(inboxes)))
    ended = [_go_on(step, project, entry) for entry in ready]
    begun = {entry.run_id for entry in ready}
    ended += _tick(step, project, Requests(inboxes), begun)
    if not ended:
        _check_environment(step, project)
        why = "no release may go on, and no rollout is under way"
        return _nothing(Requests(inboxes), why)
    worst = min(ended, key=lambda one: _WORST.index(one.code))
    shown = tuple(shown for one in ended for shown in one.shown)
    return Ended(worst.code, worst.reason, shown, worst.outputs)


def _check_environment(step: Step, project: Project) -> None:
    """See to it that there was nothing to do for another reason than a slip.

    What is under way goes on first, also where the pipeline file has it no more.
    """
    named = step.inputs.environment
    known = project.pipeline.environments
    if named is not None and named not in known:
        raise UsageError(
            f"the input environment names {escape(named)}, and there is none",
            hint=f"there are: {', '.join(known) or 'none'}",
        )


def _take_in(step: Step, inboxes: Inboxes) -> None:
    """Take in what people have signed, and what they said on GitHub.

    What cannot be read now is read next time; until then it opens nothing.
    """
    try:
        absorption = Absorption(inboxes, open_recorder(inboxes.place))
        for one in map(describe, absorption.absorb()):
            became = one.reason or "is in the log"
            step.log.line(escape(f"{one.what or one.place}: {became}"))
    except (ExternalError, UsageError) as error:
        step.warn(f"signed statements could not be taken in: {error}")
    if step.host is None:
        return
    try:
        taken = take_in_all(inboxes, step.host, step.occasion, starts=False)
    except (ExternalError, UsageError) as error:  # no reason to let a rollout wait
        step.warn(f"answers on GitHub could not be taken in: {error}")
    else:
        for answer in taken.answers:
            step.log.line(escape(describe_answer(answer)))
            if answer.is_broken:
                step.warn(
                    escape(f"an answer on GitHub, {answer.place}: {answer.reason}")
                )


def _ready(step: Step, requests: Requests) -> Iterator[OpenRequest]:
    """The requests that wait for nothing any more, and whose run can go on."""
    for entry in requests.open:
        if step.inputs.environment not in {None, entry.environment}:
            continue
        if not entry.request.hex.startswith(step.inputs.request.lower()):
            continue
        if not _is_resumable(requests, entry.run_id):
            continue  # a no has ended it
        judging = Viewer(requests, requests.load(entry)).judging
        decision, policy = judging.decision, judging.policy
        if policy is not None and not policy.needs_people and _is_stale(judging):
            yield entry  # it asks anew by itself, and nobody has to answer that
            continue
        if decision is None or decision.verdict is Verdict.PENDING:
            why = "it cannot be judged here" if decision is None else decision.reason
            step.log.line(escape(f"{_name(entry)} waits: {why}"))
            continue
        yield entry


def _is_stale(judging: Judging) -> bool:
    """Whether its request is good for nothing any more: expired, or under old rules."""
    request, policy = judging.found.request, judging.policy
    now = judging.requests.place.machine.clock.now()
    return request.expires <= now or policy is None or request.policy != policy.digest


def _is_resumable(requests: Requests, run_id: str) -> bool:
    log, journal = requests.log, requests.place.journal(run_id)
    events = () if log is None else read_run(log, journal, run_id).events
    return bool(events) and not is_final(fold(run_id, events))


def _tick(
    step: Step, project: Project, requests: Requests, begun: Collection[str]
) -> Iterator[Ended]:
    """Give the rollouts under way their tick; those of the runs *begun* have had it."""
    for view in Rollouts(requests).views(step.inputs.environment):
        if view.item.run_id in begun:
            continue
        if view.is_conducted:
            place = view.item.environment
            step.log.line(escape(f"{place}: a process is at it already"))
            said = Said("pending", f"the rollout in {place} is conducted elsewhere")
            yield Ended(ExitCode.PENDING, ReasonCode.CANARY_RUNNING, (said,))
        else:
            yield _go_on(step, project, view.item)


def _go_on(step: Step, project: Project, item: OpenRequest | OpenRollout) -> Ended:
    """Resume the run of *item*, whatever is checked out."""
    step.log.line(escape(f"{_name(item)}: run {item.run_id} goes on"))
    try:
        with open_tick(project, item) as tick:
            execution = tick.open(tick.project, lambda _entry: None, None)
            return step.carry_out(
                execution,
                lambda running, observer: running.resume(item.run_id, observer),
            )
    except Interrupted:
        raise
    except TransientError as error:  # another process has it, or will have
        said = Said("pending", f"{_name(item)} goes on elsewhere, or later: {error}")
        return Ended(ExitCode.PENDING, ReasonCode.TRY_AGAIN, (said,))
    except (ExternalError, UsageError) as error:
        return failed(error, for_error(error))


def _name(item: OpenRequest | OpenRollout) -> str:
    if isinstance(item, OpenRequest):
        return f"request {item.request.short} for {item.environment}"
    return f"the rollout in {item.environment}"


def _nothing(requests: Requests, why: str) -> Ended:
    """Nothing went on: whatever follows has nothing new to go on with, either."""
    head = None if requests.log is None else requests.log.head()
    said = Said("pending", f"nothing to do: {why}", head=head)
    code = ReasonCode.NOTHING_TO_DO
    return Ended(ExitCode.PENDING, code, (said,), outputs_of_head(head))
