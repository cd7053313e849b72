"""``sluice schema``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.option(
    "-o",
    "--output",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to this file instead of standard output.",
)
def schema(output: Path | None) -> ExitCode:
    """Print the JSON Schema of the pipeline file, for editors.

    \b
    An editor with YAML support completes keys and marks slips when the first line is
      # yaml-language-server: $schema=.sluicegate/schema.json
    `sluice init` writes that line and that file.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import write_result  # noqa: PLC0415 - not for --help
    from sluicegate.config.schema import json_schema  # noqa: PLC0415

    text = json_schema()
    if output is None:
        write_result(text.removesuffix("\n"))
        return ExitCode.OPEN
    from sluicegate.wiring.initial import write_schema  # noqa: PLC0415

    write_schema(output)
    return ExitCode.OPEN
