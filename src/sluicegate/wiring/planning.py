"""What a run of a project would do now."""

from sluicegate.engine.forecast import Forecast, forecast
from sluicegate.engine.selection import choose_stages
from sluicegate.engine.situation import Situation
from sluicegate.wiring.options import Options
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.surroundings import Surroundings


def foresee(project: Project, options: Options) -> tuple[Forecast, ...]:
    """What a run would do now. Nothing is written, no program of a stage is run.

    Raises:
        UsageError: the pipeline or the options cannot be used.
        IntegrityError: the log is not what was committed.
    """
    chosen = choose_stages(project.pipeline, options.selection)
    situation = Situation(project.pipeline, project.source, "plan", options.labels)
    log = ProjectLog(project)
    with log.naming():
        ports = Surroundings(project, log).ports_to_look()
        return forecast(situation, chosen, options.forced(chosen), ports)
