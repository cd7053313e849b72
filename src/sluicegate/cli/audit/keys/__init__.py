"""``sluice audit keys``."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.audit.keys"
    table: ClassVar[Mapping[str, str]] = {
        "show": "Show the log's keys, since when, and which are on this machine.",
        "create": "Make the key of a log that is to begin.",
        "rotate": "Hand the log over to a new key.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "list": "show",
        "ls": "show",
        "new": "create",
        "change": "rotate",
    }


@click.group(cls=_Group)
def keys() -> None:
    """Show, make and rotate the keys that sign the log."""
