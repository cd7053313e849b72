"""``sluice approvals``."""

from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


class _Approvals(click.Command):
    """Has a command of its own besides: no id of a request is spelled like it."""

    @override
    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if args[:1] != ["take"]:
            return super().make_context(info_name, args, parent, **extra)
        from sluicegate.cli.take import take  # noqa: PLC0415 - rare

        return take.make_context(f"{info_name} take", args[1:], parent, **extra)


@click.command(cls=_Approvals)
@click.argument("request", metavar="[REQUEST]", required=False)
@click.option("--all", "shows_all", is_flag=True, help="Those that are over, too.")
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write REQUEST to a file, to be approved where no log is.",
)
@file_option
@log_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def approvals(
    request: str | None,
    save: Path | None,
    file: Path | None,
    log: str | None,
    *,
    shows_all: bool,
    as_json: bool,
) -> ExitCode:
    """List the open release requests, newest first, and who is still missing.

    With REQUEST, show that one as `sluice approve` does. The log is only read; answers
    that wait in an inbox are shown as such, and count once a recorder has taken them
    in. `sluice approvals take` takes in what people have answered on GitHub.

    \b
    Exits with 0, 2 if there is no such request or log, 5 if log or request are
    not what they were.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.asked import (  # noqa: PLC0415 - not for --help
        list_requests,
        open_requests,
        save_request,
        show_request,
    )

    requests = open_requests(file, log)
    if request is not None:
        if save is not None:
            return save_request(requests, request, save)
        return show_request(requests, request, as_json=as_json)
    if save is not None:
        raise click.UsageError("--save needs the REQUEST to write.")
    return list_requests(requests, shows_all=shows_all, as_json=as_json)
