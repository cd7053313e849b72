"""What a run of a project would do now."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sluicegate.audit.accounts import LoggedAccounts
from sluicegate.audit.snapshot import read_state
from sluicegate.engine.forecast import Action, Forecast, forecast
from sluicegate.engine.secret_rules import find_due, find_releasing
from sluicegate.engine.selection import choose_stages
from sluicegate.engine.situation import Situation
from sluicegate.errors import ExternalError, UsageError
from sluicegate.gates.budget import Balance, balances
from sluicegate.gates.outlook import foretell
from sluicegate.model.state_item import Lock
from sluicegate.report.plan import PlannedEntry
from sluicegate.report.secrets.planned import PlannedSecret
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.wiring.ephemeral import find_loss
from sluicegate.wiring.options import Options
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.secrets import ProjectSecrets
from sluicegate.wiring.surroundings import Surroundings

_WORKING = (Action.RUN, Action.RECONCILE)
_UNTOLD = "what the protected branch says of it cannot be told"


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


def look_at_secrets(
    project: Project, options: Options, forecasts: Sequence[Forecast]
) -> tuple[PlannedSecret, ...]:
    """The secrets of the stages of *forecasts* that would run. None is fetched."""
    pipeline = project.pipeline
    if not pipeline.secrets.use:
        return ()
    situation = Situation(pipeline, project.source, "plan", options.labels)
    skipped = {each.name for each in forecasts if each.action is Action.SKIP}
    names = [each.name for each in forecasts]
    releasing = find_releasing(names, skipped.__contains__, situation)
    try:
        refused = ProjectSecrets(project).refused()
    except (UsageError, ExternalError) as error:
        refused = dict.fromkeys(pipeline.secrets.use, f"{_UNTOLD}: {error}")
    working = {each.name for each in forecasts if each.action in _WORKING}
    return tuple(
        secret
        for named in pipeline.stages
        if named.name in working
        for secret in _secrets(named, pipeline, releasing, refused)
    )


def _secrets(
    named: NamedStage,
    pipeline: Pipeline,
    releasing: frozenset[str],
    refused: Mapping[str, str],
) -> Iterator[PlannedSecret]:
    due = find_due(named, pipeline, releasing, {})
    for each in (*due.given, *due.own):
        why = refused.get(each.variable, "")
        yield PlannedSecret(named.name, each.variable, each.use, each.kind, refused=why)
    got = {each.variable for each in (*due.given, *due.own)}
    secrets = pipeline.secrets
    others = (
        (variable, use)
        for variable, use in secrets.use.items()
        if named.name in use.stages and variable not in got
    )
    for (variable, use), why in zip(others, due.left, strict=True):
        kind = secrets.providers[use.from_].uses
        yield PlannedSecret(named.name, variable, use, kind, left=why)


def look_at_entries(
    project: Project, forecasts: Sequence[Forecast]
) -> tuple[PlannedEntry, ...]:
    """What environments would ask now that the stages of *forecasts* enter.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    named = [project.pipeline.stage(each.name) for each in forecasts if _goes(each)]
    places = {
        each.name: each.stage.environment
        for each in named
        if isinstance(each.stage, CanaryStage)
    }
    if not places:
        return ()
    log, now = ProjectLog(project), project.machine.clock.now()
    with log.naming():
        reader = log.existing()
        locks = {} if reader is None else read_state(reader).locks
    return tuple(
        _entry(project, stage, place, locks.get(place), now)
        for stage, place in places.items()
    )


def _goes(each: Forecast) -> bool:
    return each.action is Action.RECONCILE


def _entry(
    project: Project, stage: str, place: str, lock: Lock | None, now: datetime
) -> PlannedEntry:
    rules = PolicySource(project)
    try:
        target = rules.environment(place).target
        loss = find_loss(project.machine.environ, place, target)
        policy = rules.policy(place, project.pipeline)
    except (UsageError, ExternalError) as error:
        return PlannedEntry(stage, place, unknown=str(error))
    refused = "" if loss is None else f"{loss}; {loss.hint}"
    return PlannedEntry(stage, place, foretell(policy, lock, now), refused=refused)


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
