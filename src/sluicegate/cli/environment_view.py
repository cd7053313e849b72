"""What ``sluice environments`` shows."""

import click

from sluicegate.cli.audit.moments import parse_moment
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.errors import UsageError
from sluicegate.report.environments import environments_document, environments_text
from sluicegate.report.running import ran_document, ran_text
from sluicegate.wiring.environments import Environments


def show_environments(
    environments: Environments, environment: str | None, *, as_json: bool
) -> ExitCode:
    """Show how all environments stand, or *environment* alone."""
    use_what_the_terminal_has()
    overview = environments.overview(environment)
    if as_json:
        write_result(environments_document(overview))
        return ExitCode.OPEN
    if not overview.environments:
        write_result("no environment yet: a canary stage releases into one")
        return ExitCode.OPEN
    write_result(environments_text(overview))
    click.echo(f"\nverified with {environments.releases.key_source}", err=True)
    return ExitCode.OPEN


def show_past(
    environments: Environments, environment: str | None, text: str, *, as_json: bool
) -> ExitCode:
    """Show what served on the day, or at the moment, that *text* names."""
    use_what_the_terminal_has()
    now = environments.releases.machine.clock.now()
    start = parse_moment(text, now)
    end = parse_moment(text, now, is_end=True)
    if start > now:
        raise UsageError(
            f"{text} is still to come",
            hint="`sluice environments` shows what is there now",
        )
    ran = environments.ran(environment, start, end)
    if as_json:
        write_result(ran_document(ran))
        return ExitCode.OPEN
    if not ran.present:
        write_result("no environment yet: a canary stage releases into one")
        return ExitCode.OPEN
    write_result(ran_text(ran, environments.releases.log_to_name))
    click.echo(f"\nverified with {environments.releases.key_source}", err=True)
    return ExitCode.OPEN
