"""What ``sluice gate explain`` shows."""

from functools import partial
from pathlib import Path

from sluicegate.cli.audit.indexing import open_search
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import UsageError
from sluicegate.report.gates import explanation_document, explanation_text
from sluicegate.wiring.explaining import Explaining
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.runs import Runs


def explain(
    stage: str, run_id: str | None, file: Path | None, log: str | None, *, as_json: bool
) -> ExitCode:
    """Explain the gates of *stage* in the run that *run_id* names."""
    use_what_the_terminal_has()
    found = _open(file, log).explain(stage, run_id)
    write_result(explanation_document(found) if as_json else explanation_text(found))
    return ExitCode.OPEN


def _open(file: Path | None, log: str | None) -> Explaining:
    """The runs of the log at *log*, else of the pipeline file's.

    Raises:
        UsageError: both are named, or the file cannot be used.
    """
    machine = Machine()
    if log is not None and file is not None:
        raise UsageError("--file and --log exclude each other")
    search = partial(open_search, machine)
    if log is not None or (file is None and not Path(PIPELINE_FILE).exists()):
        return Explaining(Runs(LogPlace.of(machine, log), search), None)
    project = Project(machine, file or Path(PIPELINE_FILE))
    return Explaining(Runs(LogPlace.of_project(project), search), project.pipeline)
