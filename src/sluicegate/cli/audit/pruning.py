"""What ``sluice audit prune`` does and shows."""

from datetime import datetime

from sluicegate.audit.pruning import Plan, Removal, announce, plan_pruning, remove
from sluicegate.audit.time import GateClock
from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import warn, write_result
from sluicegate.errors import UsageError
from sluicegate.model.log_event import LogPruned
from sluicegate.report.pruning import Pruning, pruning_document, pruning_text
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(
    place: str | None, vkey: str | None, *, execute: bool, as_json: bool
) -> ExitCode:
    """Prune the log in *place*, or say what that would remove."""
    log = LogPlace.of(Machine(), place, vkey)
    if execute and vkey is not None:
        raise UsageError(
            "--key is for looking; with --execute, the log's own key is taken",
            hint="leave it out",
        )
    reader = log.reader()
    now = GateClock(log.machine.clock, reader.newest()).now()
    plan = plan_pruning(reader, log.own_evidence, now)
    found = _execute(log, plan, now) if execute else _view(plan)
    if log.own_evidence is None:
        where = "folder" if log.evidence_at is None else "place, or may do so"
        warn([f"another log keeps its evidence in the same {where}: none is removed"])
    write_result((pruning_document if as_json else pruning_text)(found))
    if execute:
        anchor_after(log, place)
    return ExitCode.OPEN


def _execute(log: LogPlace, plan: Plan, now: datetime) -> Pruning:
    if plan.pruned is None and not plan.leftover:
        return _view(plan, Removal(0, 0, ()))
    recorder = open_recorder(log)
    evidence = log.own_evidence
    done = remove(recorder.log, evidence, now)  # what an earlier one has left
    pruned = announce(recorder, now)
    if pruned is not None:
        more = remove(recorder.log, evidence, now)
        done = Removal(
            done.bundles + more.bundles, done.evidence + more.evidence, more.refused
        )
    return _view(plan, done, pruned)


def _view(
    plan: Plan, done: Removal | None = None, pruned: LogPruned | None = None
) -> Pruning:
    event = plan.pruned if done is None else pruned
    abandoned = (
        [run for run in plan.state.runs.values() if run.last < event.min_index]
        if event is not None
        else []
    )
    return Pruning(
        is_done=done is not None,
        size=plan.state.size,
        retention_days=plan.state.retention_days,
        pruned=event,
        bundles=len(plan.choice.bundles) if done is None else done.bundles,
        evidence=len(plan.evidence) if done is None else done.evidence,
        leftover=plan.leftover if done is None else done.refused,
        abandoned=[run.run_id for run in abandoned],
        reason=plan.choice.reason,
    )
