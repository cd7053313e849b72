"""Unit tests of what every command says with ``--help``."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from sluicegate.cli import main

_COLUMNS = 80


def _list_commands(group: click.Group, path: tuple[str, ...]) -> Iterator[list[str]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield [*path, name]
        if isinstance(command, click.Group):
            yield from _list_commands(command, (*path, name))


@pytest.mark.parametrize("command", [[], *_list_commands(main, ())], ids=" ".join)
def test_help_fits_a_terminal(command: list[str]) -> None:
    done = CliRunner().invoke(main, [*command, "--help"], terminal_width=_COLUMNS)

    assert done.exit_code == 0, done.output
    assert [line for line in done.output.splitlines() if len(line) > _COLUMNS] == []
