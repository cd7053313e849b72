"""``sluice gate``: one module a command."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.gate"
    table: ClassVar[Mapping[str, str]] = {
        "explain": "Show what a gate was judged on, condition by condition.",
        "test": "Judge a table of cases by the rules, before anybody depends on them.",
    }
    meant: ClassVar[Mapping[str, str]] = {"show": "explain", "check": "test"}


@click.group(cls=_Group)
def gate() -> None:
    """Explain gates, and test the rules they go by."""
