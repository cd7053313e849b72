"""``sluice version``."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.version"
    table: ClassVar[Mapping[str, str]] = {
        "bump": "Give a changed pipeline file its next version.",
    }
    meant: ClassVar[Mapping[str, str]] = {"next": "bump", "up": "bump"}


@click.group(cls=_Group)
def version() -> None:
    """Give the pipeline file its next version.

    What a version is of Sluicegate itself, `sluice --version` says.
    """
