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
@click.option(
    "--audit",
    "of_audit",
    is_flag=True,
    help="The schema of an entry of the audit log instead.",
)
def schema(output: Path | None, *, of_audit: bool) -> ExitCode:
    """Print the JSON Schema of the pipeline file, for editors.

    \b
    An editor with YAML support completes keys and marks slips when the first
    line is
      # yaml-language-server: $schema=.sluicegate/schema.json
    `sluice init` writes that line and that file.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import write_result  # noqa: PLC0415 - not for --help
    from sluicegate.wiring.initial import write_schema  # noqa: PLC0415

    text = _of_entries() if of_audit else _of_pipelines()
    if output is None:
        write_result(text.removesuffix("\n"))
    else:
        write_schema(output, text)
    return ExitCode.OPEN


def _of_pipelines() -> str:
    from sluicegate.config.schema import json_schema  # noqa: PLC0415 - likewise

    return json_schema()


def _of_entries() -> str:
    from sluicegate.audit.schema import (  # noqa: PLC0415 - likewise
        entry_schema,
        format_schema,
    )

    return format_schema(entry_schema())
