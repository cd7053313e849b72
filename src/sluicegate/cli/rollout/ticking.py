"""What ``sluice rollout tick`` does."""

import json
from pathlib import Path

from sluicegate.cli.asked import open_requests
from sluicegate.cli.detected import open_project
from sluicegate.cli.environment_names import require_environment
from sluicegate.cli.execution import execute
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.cli.rollout.showing import shown
from sluicegate.errors import TransientError
from sluicegate.report.escape import escape
from sluicegate.report.open_rollouts import OpenView, rollouts_document
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.rollouts import Rollouts, open_tick


def tick_once(
    environment: str,
    file: Path | None,
    *,
    events: str | None,
    textfile: Path | None = None,
    as_json: bool,
) -> ExitCode:
    """Go on with the rollout as far as that takes no waiting."""
    use_what_the_terminal_has()
    requests = open_requests(file, None)
    views = Rollouts(requests).views(environment)
    if not views:
        require_environment(environment, requests)
        return _tell_none(environment, as_json=as_json)
    (view,) = views
    if view.is_conducted:
        return _tell_busy(view, "a process is at it already", as_json=as_json)
    project = open_project(Machine(), file)
    try:
        with open_tick(project, view.item) as tick:
            return execute(
                file,
                lambda execution, observer: execution.resume(
                    view.item.run_id, observer
                ),
                as_json=as_json,
                events=events,
                open_execution=tick.open,
                textfile=textfile,
            )
    except TransientError as error:
        return _tell_busy(view, str(error), as_json=as_json)


def _tell_none(environment: str, *, as_json: bool) -> ExitCode:
    if as_json:
        write_result(json.dumps({"environment": environment, "rollout": None}))
    else:
        write_result(f"no rollout is under way in {escape(environment)}")
    return ExitCode.OPEN


def _tell_busy(view: OpenView, why: str, *, as_json: bool) -> ExitCode:
    """Another process has it: it goes on without this one."""
    if as_json:
        write_result(rollouts_document([view]))
    else:
        write_result(f"{shown([view])}\nnothing done here: {escape(why)}")
    return ExitCode.PENDING
