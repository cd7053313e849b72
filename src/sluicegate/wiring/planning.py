"""What a run of a project would do now."""

from sluicegate.audit.accounts import LoggedAccounts
from sluicegate.engine.forecast import Forecast, forecast
from sluicegate.engine.selection import choose_stages
from sluicegate.engine.situation import Situation
from sluicegate.gates.budget import Balance, balances
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


def look_at_budgets(project: Project) -> tuple[Balance, ...]:
    """How the budgets of the protected branch stand now.

    Raises:
        UsageError: what is there cannot be used.
        IntegrityError: the log is not what was committed.
        ExternalError: Git fails.
    """
    log, now = ProjectLog(project), project.machine.clock.now()
    if not log.budgets:
        return ()
    with log.naming():
        reader = log.existing()
        used = (
            LoggedAccounts(reader, log.budgets).used(now, reader.head().size)
            if reader is not None
            else {}
        )
    return balances(log.budgets, used, now)
