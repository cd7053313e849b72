"""``sluice secrets check``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option("--provider", metavar="NAME", help="Ask this provider alone.")
@click.option("--stage", metavar="STAGE", help="Read what this stage gets alone.")
@click.option(
    "--policy", is_flag=True, help="Print the policies to paste, and ask nobody."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def check(
    file: Path | None,
    *,
    provider: str | None,
    stage: str | None,
    policy: bool,
    as_json: bool,
) -> ExitCode:
    """Prove that the pipeline can read its secrets, and may do no more.

    Logs in to each provider as a run would, reads every secret that the pipeline file
    names, shows none and ends the login. Vault and OpenBao are asked what the login may
    do at those paths and beside them; AWS is asked for what must be refused. Where it
    is too much or not enough, the policy is printed that would be right.

    Run it where the pipeline runs: elsewhere a login is another one, or none.

    \b
    Exits with 0 if it is just enough, 1 if too much or not enough, 4 if
    there is no answer.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.secrets.checking import (  # noqa: PLC0415 - not for --help
        check_secrets,
        print_policies,
    )

    if policy:
        return print_policies(file, provider, as_json=as_json)
    return check_secrets(file, provider, stage, as_json=as_json)
