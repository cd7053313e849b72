"""What stages have left in the work tree for those behind them, to the last byte."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Value
from sluicegate.stages.output import last_words
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.stage import CommandStage, StageContext


def find_loss(
    stage: CommandStage,
    found: Mapping[str, Value],
    context: StageContext,
    ports: Ports,
) -> str | None:
    """What is not there any more of all that *stage* has left, None if all of it is.

    *found* are the fields of the attempt that has left it.

    Raises:
        ExternalError: it cannot be told.
    """
    tools = {name: ports.tools.find(name) for name in stage.left_needs}
    for command in stage.left(replace(context, tools=tools), found):
        result = ports.process.run(command, lambda _line: None)
        if result.exit_code:
            return last_words(result)
    return None


def check_left(
    pipeline: Pipeline,
    upstream: Sequence[StageFinished],
    context: StageContext,
    ports: Ports,
) -> None:
    """See to it that the stages before have left what they say, and nothing else.

    A model that another stage has written over, or that stayed on the machine where it
    was trained, is not the one that its evidence is about.

    Raises:
        PermanentError: it is not there.
        ExternalError: it cannot be told.
    """
    for each in upstream:
        stage = pipeline.stage(each.stage).stage
        if not isinstance(stage, CommandStage):
            continue
        loss = find_loss(stage, each.evidence.fields, context, ports)
        if loss is not None:
            raise PermanentError(
                f"what {each.stage} has left is not here any more: {loss}",
                hint=f"no stage may write over it; `sluice run --force` runs"
                f" {each.stage} again, and `keep: true` lets it be put back",
            )
