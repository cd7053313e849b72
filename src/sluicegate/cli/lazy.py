"""A group of commands that are loaded when they are called.

Standard help lists each with its line from a table, so that none is loaded to describe
the others.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click
from typing_extensions import override


class LazyGroup(click.Group):
    """The commands of ``table``, name to help line, in modules of ``package``.

    A command ``hold-list`` is the function ``hold_list`` in the module of that name.
    """

    package: ClassVar[str] = ""
    table: ClassVar[Mapping[str, str]] = {}
    meant: ClassVar[Mapping[str, str]] = {}
    """What people call a command that has another name here."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(f"{self.package}.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.table and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

            close = get_close_matches(args[0], self.table, n=1)
            meant = self.meant.get(args[0]) or next(iter(close), None)
            # Not as click names it: that may begin with `python -m sluicegate`.
            inner = ctx.command_path.removeprefix(ctx.find_root().command_path)
            help_command = f"'sluice{inner} --help' lists them."
            advice = f"Did you mean {meant!r}?" if meant else help_command
            ctx.fail(f"No such command {args[0]!r}. {advice}")
        return super().resolve_command(ctx, args)

    @override
    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))
