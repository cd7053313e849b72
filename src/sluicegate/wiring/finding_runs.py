"""Which run of a project somebody means."""

from sluicegate.audit.history import newest_runs
from sluicegate.errors import UsageError
from sluicegate.model.ulid import FORM, is_meant
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.searching import open_search


def find_run(project: Project, log: ProjectLog, text: str | None) -> str:
    """The run in *log* that is meant by the beginning or the end of its id.

    What it holds is read from the log: this only says which run that is. Without *text*
    it is the newest.

    Raises:
        UsageError: several are meant, or there is none.
    """
    if not log.has_begun:
        raise no_run_yet()
    return _by_id(project, log, text) if text else _newest(log)


def no_run_yet() -> UsageError:
    """What is said where no run was begun."""
    return UsageError("there is no run yet", hint="start one with `sluice run`")


def _by_id(project: Project, log: ProjectLog, text: str) -> str:
    wanted = text.upper()
    if FORM.fullmatch(wanted):
        return wanted
    with log.naming():
        known = sorted({*open_search(project.machine, log.log).runs()})
    found = [run_id for run_id in known if is_meant(run_id, text)]
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} runs begin or end with {text!r}: {', '.join(found)}",
            hint="name one of them",
        )
    return found[0] if found else text


def _newest(log: ProjectLog) -> str:
    with log.naming():
        newest = next(newest_runs(log.log), None)
    if newest is None:
        raise no_run_yet()
    return newest.run_id
