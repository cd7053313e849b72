"""``sluice canary``: one module a command."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.canary"
    table: ClassVar[Mapping[str, str]] = {
        "judge": "Judge the numbers in a file: promote, abort or hold.",
        "count": "Append what both releases were sent, from Prometheus.",
        "preflight": "Say how long a verdict will take, before the rollout.",
    }
    meant: ClassVar[Mapping[str, str]] = {"analyse": "judge", "analyze": "judge"}


@click.group(cls=_Group)
def canary() -> None:
    """Judge a canary by its numbers, with any rollout tool."""
