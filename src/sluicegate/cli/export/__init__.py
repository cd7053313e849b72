"""``sluice export``: one module a command."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.export"
    table: ClassVar[Mapping[str, str]] = {
        "analysis-template": "For Argo Rollouts: have our judge decide, by a Job.",
    }
    meant: ClassVar[Mapping[str, str]] = {"argo": "analysis-template"}


@click.group(cls=_Group)
def export() -> None:
    """Write parts of the pipeline as what other tools read."""
