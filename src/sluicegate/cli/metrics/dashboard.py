"""``sluice metrics dashboard``."""

import click

from sluicegate.cli.exit_codes import ExitCode


@click.command()
def dashboard() -> ExitCode:
    """Print the dashboard of these figures, for Grafana 10 or later.

    `sluice metrics dashboard > sluicegate.json`, then import the file in Grafana
    (Dashboards, New, Import) and choose the Prometheus that has the metrics.

    \b
    Exits with 0.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import write_result  # noqa: PLC0415 - not for --help
    from sluicegate.wiring.templates import templates  # noqa: PLC0415

    path = templates() / "grafana" / "sluicegate.json"
    write_result(path.read_text("utf-8").rstrip("\n"))
    return ExitCode.OPEN
