"""``sluice rollout replay``."""

from pathlib import Path

import click

from sluicegate.cli.completing import complete_run
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, shell_complete=complete_run)
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def replay(run_id: str | None, file: Path | None, *, as_json: bool) -> ExitCode:
    """Judge the rollouts of RUN again, by default the newest run's, from the log alone.

    Every block's evidence, to the millionth, every verdict and every change of weight
    must follow from the numbers recorded before it. The settings of the judge come from
    the pipeline file of the commit that was released, which the log has by digest.

    \b
    Exits with 0 if everything follows, 2 if there is no such run or its commit is
    not in this clone, 5 if something does not.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import (  # noqa: PLC0415 - not for --help
        use_what_the_terminal_has,
        write_result,
    )
    from sluicegate.cli.standing import open_runs  # noqa: PLC0415 - likewise
    from sluicegate.config.file import PIPELINE_FILE  # noqa: PLC0415 - likewise
    from sluicegate.report.replayed import (  # noqa: PLC0415 - likewise
        replayed_document,
        replayed_text,
    )
    from sluicegate.wiring.project import Project  # noqa: PLC0415 - likewise
    from sluicegate.wiring.replaying import Replaying  # noqa: PLC0415 - likewise

    use_what_the_terminal_has()
    runs = open_runs(file, None)
    found = runs.find(run_id)
    project = Project(runs.place.machine, file or Path(PIPELINE_FILE))
    done = Replaying(runs, project).replay(found)
    write_result(replayed_document(found, done) if as_json else replayed_text(done))
    return ExitCode.OPEN
