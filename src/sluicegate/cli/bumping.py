"""What ``sluice version bump`` does and says."""

from pathlib import Path

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.model.version import Bump
from sluicegate.report.definition import bumped_document, bumped_text
from sluicegate.wiring.bumping import bump_version
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project


def bump_file(file: Path | None, wanted: Bump | None, *, as_json: bool) -> ExitCode:
    """Give *file*, by default the one of this folder, its next version."""
    use_what_the_terminal_has()
    project = Project(Machine(), file or Path(PIPELINE_FILE))
    bumped = bump_version(project, wanted)
    write_result(bumped_document(bumped) if as_json else bumped_text(bumped))
    return ExitCode.OPEN
