"""``sluice gate test``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-f",
    "--file",
    "file",
    metavar="PIPELINE",
    type=click.Path(path_type=Path),
    help="The pipeline file whose gates are judged; default: the one that FILE names,"
    " else sluicegate.yaml in this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def test(table: Path, file: Path | None, *, as_json: bool) -> ExitCode:
    """Judge the cases in FILE by the rules as they are in this work tree.

    Each case says what was found, who approved and when, and which verdict that should
    have. They are judged as a run is, by the gate of a stage or the entry gate of an
    environment; nothing is run, and no log is needed.

    \b
    Exits with 0 if every case is as expected, 1 if one is not, 2 if FILE or the
    pipeline file cannot be used.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import (  # noqa: PLC0415 - not for --help
        use_what_the_terminal_has,
        write_result,
    )
    from sluicegate.report.gate_trials import (  # noqa: PLC0415 - likewise
        trials_document,
        trials_text,
    )
    from sluicegate.wiring.gate_trials import GateTrials  # noqa: PLC0415 - likewise
    from sluicegate.wiring.machine import Machine  # noqa: PLC0415 - likewise

    use_what_the_terminal_has()
    results = GateTrials(Machine(), table, file).run()
    write_result(trials_document(results) if as_json else trials_text(results))
    is_good = all(each.is_expected for each in results)
    return ExitCode.OPEN if is_good else ExitCode.CLOSED
