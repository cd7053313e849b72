"""Command line: parse, call, print, return an exit code. Nothing else.

Standard output carries results, standard error everything meant for a human. This
module is on the path of every start, `sluice --help` included: it imports click and
nothing heavy, and lists the commands with their help line so that none is loaded to
describe the others.
"""

import gc
import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import click
from typing_extensions import override

from sluicegate import __version__
from sluicegate.cli.exit_codes import ExitCode, for_error
from sluicegate.cli.lazy import LazyGroup
from sluicegate.errors import PipelineFileError, SluicegateError

__all__ = ["main"]

_COMMANDS = {
    "init": "Write a pipeline file for what is in a folder.",
    "plan": "Say what a run would do now, and why.",
    "run": "Run the pipeline for the current commit.",
    "resume": "Go on with a run that was interrupted, broken or pending.",
    "rollout": "Look at rollouts under way, move them on, decide about them.",
    "rollback": "Release again what ran in an environment before.",
    "status": "Show how a run stands, and what to do next.",
    "releases": "List what every environment runs and ran, with notes.",
    "environments": "Show what each environment runs, and who approved it.",
    "gate": "Explain gates, and test the rules they go by.",
    "canary": "Judge a canary by its numbers, with any rollout tool.",
    "approvals": "List the releases that wait for people, and for whom.",
    "approve": "Say yes to a release, after seeing what it is.",
    "reject": "Say no to a release.",
    "overrides": "List overrides that nobody has looked into yet; close them.",
    "lock": "Keep releases out of an environment.",
    "unlock": "Let releases into an environment again.",
    "audit": "Read and verify the audit log.",
    "metrics": "Say how well releases go, and what runs have cost.",
    "attest": "Say what was found of a release, in words of other tools.",
    "secrets": "See which stages get which secrets, and whether they can.",
    "version": "Give a changed pipeline file its next version.",
    "doctor": "Say what is needed here, what is there, and what to do.",
    "export": "Write parts of the pipeline as what other tools read.",
    "github": "What the GitHub Action calls.",
    "demo": "Show the whole pipeline on a real service.",
    "schema": "Print the JSON Schema of the pipeline file, for editors.",
    "completion": "Print the script that completes commands in your shell.",
}

# What other tools call it.
_MEANT = {
    "accept": "approve",
    "approval": "approvals",
    "attestation": "attest",
    "attestations": "attest",
    "build": "run",
    "bump": "version bump",
    "check": "run",
    "cost": "metrics cost",
    "costs": "metrics cost",
    "dashboard": "metrics dashboard",
    "deny": "reject",
    "dora": "metrics",
    "freeze": "lock",
    "help": "--help",
    "history": "audit log",
    "in-toto": "attest",
    "lint": "run",
    "log": "audit log",
    "new": "init",
    "override": "overrides",
    "provenance": "attest",
    "requests": "approvals",
    "scan": "run",
    "secret": "secrets",
    "start": "run",
    "stats": "metrics",
    "test": "run",
    "undo": "rollback",
    "validate": "plan",
    "vault": "secrets",
    "verify": "audit verify",
}


class _Group(LazyGroup):
    """Loads a command when it is called, and exits with what it returned.

    The only place where an error becomes text and an exit code.
    """

    package: ClassVar[str] = "sluicegate.cli"
    table: ClassVar[Mapping[str, str]] = _COMMANDS
    meant: ClassVar[Mapping[str, str]] = _MEANT

    @override
    def invoke(self, ctx: click.Context) -> Any:
        from sluicegate.cli.output import (  # noqa: PLC0415 - not for --help
            use_what_the_terminal_has,
        )

        _open_closed_streams()
        use_what_the_terminal_has()
        # rich looks at it by itself, click does not; wiring is slow to load for it.
        if os.environ.get("NO_COLOR"):  # noqa: TID251 - says how, not what
            ctx.color = False
        # Loading makes nothing but what stays: looking for garbage would take a fifth
        # of the time. Whoever goes on for long lets it be looked for again.
        gc.disable()
        try:
            code = super().invoke(ctx)
        except SluicegateError as error:
            show_error(error)
            code = for_error(error)
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            code = ExitCode.INTERRUPTED
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 - said as an error of ours
            if ctx.params["traceback"]:
                from sluicegate.cli.last_words import (  # noqa: PLC0415 - rare
                    show_traceback,
                )

                show_traceback(error)
            show_error(_internal(error))
            code = ExitCode.BROKEN
        gc.enable()
        ctx.exit(code or ExitCode.OPEN)


def _open_closed_streams() -> None:
    """Point streams that the caller has closed (``>&-``) nowhere.

    Their numbers would go to the next files that are opened, the log's among them, and
    what is meant for a person would be written there.

    Source:
        https://docs.python.org/3/library/sys.html#sys.__stdin__ (None when closed).
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            place = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - kept
            setattr(sys, name, place)


def _internal(error: Exception) -> SluicegateError:
    """A mistake of ours, which must not look like a verdict."""
    return SluicegateError(
        f"internal error: {type(error).__name__}: {error}",
        hint="this is a defect of sluicegate: please report it with the output of"
        " `sluice --traceback ...`",
    )


def show_error(error: SluicegateError) -> None:
    """Write an error and its hint for a person."""
    from sluicegate.cli.last_words import without_secrets  # noqa: PLC0415 - rare

    label = click.style("error:", fg="red", bold=True)
    lines = without_secrets(str(error)).splitlines() or [type(error).__name__]
    if isinstance(error, PipelineFileError) and len(lines) > 1:
        # Each problem on a line of its own that starts with its place: editors look.
        lines = [f"{len(lines)} mistakes, each with its line", *lines]
    click.echo("\n".join((f"{label} {lines[0]}", *lines[1:])), err=True)
    if error.hint:
        click.echo(
            f"{click.style(' hint:', fg='cyan')} {without_secrets(error.hint)}",
            err=True,
        )


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="sluice %(version)s")
@click.option(
    "--traceback", is_flag=True, help="Show where in the code an internal error is."
)
def main(*, traceback: bool) -> None:
    """Gate the release of an ML service; keep a log nobody can quietly change.

    \b
    Exit codes: 0 open, 1 closed, 2 usage, 3 pending, 4 broken, 5 tampered,
    130 interrupted.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
