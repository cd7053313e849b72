"""``sluice overrides``."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.lazy import LazyGroup
from sluicegate.cli.options import file_option


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.overrides"
    table: ClassVar[Mapping[str, str]] = {
        "close": "End the follow-up of an override, with a reason.",
    }
    meant: ClassVar[Mapping[str, str]] = {"end": "close", "release": "close"}


@click.group(cls=_Group, invoke_without_command=True)
@file_option
@log_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def overrides(
    ctx: click.Context, file: Path | None, log: str | None, *, as_json: bool
) -> ExitCode | None:
    """List the overrides that nobody has looked into yet, oldest first.

    \b
    Exits with 0, 2 if there is no log, 5 if it is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    if ctx.invoked_subcommand is not None:
        return None
    from sluicegate.cli.overriding import list_overrides  # noqa: PLC0415

    return list_overrides(file, log, as_json=as_json)
