"""What ``sluice rollout plot`` does."""

import sys
from collections.abc import Mapping
from pathlib import Path

from sluicegate.canary.bounds import Bounds, bounds_of
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_raw
from sluicegate.cli.standing import open_runs
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import UsageError
from sluicegate.stages.canary import CanaryStage
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.rollout_pictures import picture_of

_HINT = "`-o rollout.svg` writes it into a file, for any browser"


def write_plot(
    text: str | None, output: str, file: Path | None, log: str | None
) -> ExitCode:
    """Write the picture of the run that *text* names to *output*, ``-`` for stdout.

    Raises:
        UsageError: there is none, or *output* cannot be written.
    """
    if output == "-" and sys.stdout.isatty():
        raise UsageError("it is a picture, which a terminal does not show", hint=_HINT)
    runs = open_runs(file, log)

    def bounds() -> Mapping[str, Mapping[str, Bounds]]:
        return _bounds_of(file or Path(PIPELINE_FILE))

    run = runs.status(runs.find(text)).run
    data = picture_of(run, runs.place.evidence, bounds)
    if output == "-":
        write_raw(data)
        return ExitCode.OPEN
    try:
        Path(output).write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error
    return ExitCode.OPEN


def _bounds_of(file: Path) -> dict[str, dict[str, Bounds]]:
    """What the canary stages of a pipeline file go by; nothing if there is no file."""
    if not file.exists():
        return {}
    return {
        named.name: bounds_of(named.stage.judge_settings())
        for named in Project(Machine(), file).pipeline.stages
        if isinstance(named.stage, CanaryStage)
    }
