"""Using the result of an earlier attempt: only if all it depends on is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.engine.changes import describe_changes, find_changes
from sluicegate.engine.judging import gate_values
from sluicegate.engine.left import find_loss
from sluicegate.engine.outputs import restore_outputs
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.toolbox import Ports
from sluicegate.errors import ExternalError, IntegrityError
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import StageFinished
from sluicegate.ports.results import EarlierResult
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage, StageContext


@dataclass(frozen=True, slots=True)
class Miss:
    """Why no earlier result is used, in words for a person.

    ``changed`` are the parts of the inputs that differ from those of the newest open
    result; none where that is not the reason.
    """

    reason: str
    changed: tuple[str, ...] = ()


def find_result(
    named: NamedStage,
    stage: CommandStage,
    inputs: Mapping[str, str],
    context: StageContext,
    ports: Ports,
) -> EarlierResult | Miss:
    """The newest result of the same *inputs* if it is open and stands, or why not.

    It stands if its evidence is kept, its gate opens on that evidence now, and what it
    has made still exists. A result that is not open is never used: whoever asks again
    wants another answer. Nor is an open one from before a "no" on the same inputs.

    Raises:
        IntegrityError: the log is not what was committed.
        Interrupted: asked to stop.
    """
    earlier = ports.results.of(named.name)
    for result in earlier:
        finished = result.finished
        if finished.inputs != inputs:
            continue
        if finished.outcome is Outcome.CLOSED:
            return Miss("its gate was closed on the same inputs")
        if finished.outcome is Outcome.OPEN:
            reason = _objection(named, stage, finished, context, ports)
            return result if reason is None else Miss(reason)
    return explain_miss(inputs, context, [result.finished for result in earlier])


def _objection(
    named: NamedStage,
    stage: CommandStage,
    finished: StageFinished,
    context: StageContext,
    ports: Ports,
) -> str | None:
    """Why the result of the same inputs cannot be used, or None if it can."""
    values = gate_values({**context.upstream, named.name: finished.evidence.fields})
    stable = stable_fields(named.gate, ports)
    if named.gate.judge_beside(values, stable)[1].verdict is not Verdict.OPEN:
        return "its gate would not open on what was found before"
    try:
        for file in finished.evidence.files:
            ports.evidence.load(file.digest)
    except (IntegrityError, ExternalError):
        return "its evidence is not there any more"
    for command in stage.confirm(context, finished.subjects):
        if ports.process.run(command, lambda _line: None).exit_code:
            return "what it made is not there any more"
    return None if stage.left_is_kept() else _lost(stage, finished, context, ports)


def _lost(
    stage: CommandStage, finished: StageFinished, context: StageContext, ports: Ports
) -> str | None:
    """What is not there any more of all that an earlier attempt has left."""
    try:
        return find_loss(stage, finished.evidence.fields, context, ports)
    except ExternalError as error:
        return f"whether it is there cannot be told: {error}"


def put_back(
    stage: CommandStage, finished: StageFinished, context: StageContext, ports: Ports
) -> str | None:
    """Restore the declared outputs of an earlier result; say why if that fails."""
    try:
        restore_outputs(finished.evidence.files, ports)
    except (IntegrityError, ExternalError) as error:
        return f"its outputs cannot be put back: {error}"
    return _lost(stage, finished, context, ports)


def explain_miss(
    inputs: Mapping[str, str],
    context: StageContext,
    earlier: Sequence[StageFinished],
    *,
    but: str | None = None,
) -> Miss:
    """What has changed since the newest open result, leaving out the part *but*.

    Nothing else may have: the reason is empty then.
    """
    last = next((f for f in earlier if f.outcome is Outcome.OPEN and f.inputs), None)
    if last is None:
        return Miss("it has not been open before" if earlier else "it never ran before")
    changed = tuple(part for part in find_changes(last.inputs, inputs) if part != but)
    tools = tuple(context.tools.values())
    return Miss(describe_changes(changed, last.tools, tools), changed)
