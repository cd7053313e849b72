"""What a step does that runs the pipeline, or some of its stages."""

from sluicegate.cli.detected import open_project
from sluicegate.cli.github.ended import Ended
from sluicegate.cli.github.step_context import Step
from sluicegate.engine.selection import Selection
from sluicegate.errors import PermanentError, UsageError
from sluicegate.report.escape import escape
from sluicegate.report.github.recording import TURN_ON
from sluicegate.report.github.shown import Unrecorded
from sluicegate.stages.canary import CanaryStage
from sluicegate.wiring.execution import Execution
from sluicegate.wiring.github.inputs import Task
from sluicegate.wiring.github.own_tools import bring_scanner, lacks_scanner
from sluicegate.wiring.github.recording import why_unrecorded
from sluicegate.wiring.handing import Announced
from sluicegate.wiring.options import Options
from sluicegate.wiring.project import Project

_WHY = {
    Unrecorded.NO_KEY: f"NOT RECORDED: no log key; turn recording on: {TURN_ON}",
    Unrecorded.PULL_REQUEST: "a pull request is judged and not recorded",
    Unrecorded.ASKED: "another job records what is found here",
}


def run_pipeline(step: Step) -> Ended:
    """Run the pipeline for the commit that is checked out, or judge what was run.

    What other jobs have handed over is judged anew. Where that is recorded, no program
    of the project is run beside the key.
    """
    step.machine.check_runs_stages()
    has_key = step.machine.given_key is not None
    unrecorded = why_unrecorded(step.inputs, step.occasion, has_key=has_key)
    project = open_project(step.machine, step.inputs.file)
    if unrecorded is not None:
        step.log.line(_WHY[unrecorded])
    inputs = step.inputs
    options = Options(
        selection=_selection(step, project),
        leave_out_releases=unrecorded is Unrecorded.PULL_REQUEST,
        hand_over=inputs.hand_over,
        handed_over=tuple(map(Announced.parse, inputs.handed_over)),
    )
    _bring_tools(step, project, options)
    return step.carry_out(
        Execution(project, records=unrecorded is None),
        lambda execution, observer: execution.start(observer, options),
        unrecorded,
    )


def _bring_tools(step: Step, project: Project, options: Options) -> None:
    """Have a scanner where one is needed; without it, the scan says what is missing."""
    only = options.selection.only
    needed = [
        named.stage
        for named in project.pipeline.stages
        if not only or named.name in only
    ]
    if step.inputs.task is Task.RECORD or not lacks_scanner(step.machine, needed):
        return
    step.log.line("there is no Trivy on PATH: fetching the one that the Action pins")
    try:
        bring_scanner(step.machine)
    except PermanentError as error:
        step.warn(escape(str(error)))


def _selection(step: Step, project: Project) -> Selection:
    """The stages that are meant: those named, or up to the one that enters a place."""
    place = step.inputs.environment
    if place is None:
        return Selection(only=step.inputs.stages)
    entering = [
        named.name
        for named in project.pipeline.stages
        if isinstance(named.stage, CanaryStage) and named.stage.environment == place
    ]
    if len(entering) != 1:
        found = f"{len(entering)} stages enter" if entering else "no stage enters"
        raise UsageError(
            f"{found} {escape(place)}, which the input environment names",
            hint="name the stages with the input stages",
        )
    return Selection(until=entering[0])
