"""``sluice completion``."""

import click
from click.shell_completion import get_completion_class

from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> ExitCode:
    """Print the script that completes commands, options, stages and runs.

    SHELL is bash, zsh or fish.

    \b
    bash  add to ~/.bashrc:           eval "$(sluice completion bash)"
    zsh   add to ~/.zshrc:            eval "$(sluice completion zsh)"
    fish  sluice completion fish > ~/.config/fish/completions/sluice.fish
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import write_result  # noqa: PLC0415 - not for --help

    found = get_completion_class(shell)
    assert found is not None
    program = ctx.find_root().command
    write_result(found(program, {}, "sluice", "_SLUICE_COMPLETE").source())
    return ExitCode.OPEN
