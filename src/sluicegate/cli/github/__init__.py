"""``sluice github``."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup

_COMMANDS = {
    "step": "Do what a step of the GitHub Action was asked to.",
}


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.github"
    table: ClassVar[Mapping[str, str]] = _COMMANDS


@click.group(cls=_Group)
def github() -> None:
    """What the GitHub Action calls."""
