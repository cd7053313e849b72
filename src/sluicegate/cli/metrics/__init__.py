"""``sluice metrics``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.lazy import LazyGroup
from sluicegate.cli.metrics.options import part_options


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.metrics"
    table: ClassVar[Mapping[str, str]] = {
        "cost": "Show what runs have cost, in GPU-minutes and money.",
        "dashboard": "Print the dashboard of these figures for Grafana.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "costs": "cost",
        "grafana": "dashboard",
        "price": "cost",
    }


@click.group(cls=_Group, invoke_without_command=True)
@part_options
@click.option(
    "--by",
    type=click.Choice(["environment", "week", "day"]),
    help="Each environment once, or for every week or day; default: once.",
)
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option(
    "--prometheus", "form", flag_value="prometheus", help="As Prometheus reads metrics."
)
@click.option(
    "--textfile",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write that to FILE, for the textfile collector of the node exporter.",
)
@click.pass_context
def metrics(
    ctx: click.Context,
    /,
    by: str | None,
    form: str | None,
    textfile: Path | None,
    **part: Any,  # noqa: ANN401 - click's, named in Part
) -> ExitCode | None:
    """Say how well releases go: the four DORA metrics, gates, canaries, approvals.

    How often releases come, how long a change takes, how many fail, and how soon that
    is mended; out of the audit log, all of which has been verified. Where there is
    nothing to count from, no number is shown.

    \b
    Exits with 0, 2 if there is no log or no such environment, 5 if the log is
    not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    if ctx.invoked_subcommand is not None:
        if any((by, form, textfile, *part.values())):
            raise click.UsageError(f"Write options behind {ctx.invoked_subcommand!r}.")
        return None
    from sluicegate.cli.metrics import delivering  # noqa: PLC0415 - not for --help

    return delivering.show(delivering.Part(**part), by, form, textfile)
