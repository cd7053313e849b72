"""``sluice audit hold``."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.audit.hold"
    table: ClassVar[Mapping[str, str]] = {
        "place": "Keep entries from being pruned, whatever their age.",
        "release": "End a hold.",
        "list": "List the holds in force.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "add": "place",
        "set": "place",
        "create": "place",
        "remove": "release",
        "lift": "release",
        "end": "release",
        "ls": "list",
        "show": "list",
    }


@click.group(cls=_Group)
def hold() -> None:
    """Place, release and list legal holds.

    What a hold covers is never pruned. In S3 with Object Lock the store itself holds
    it; in a folder or in Git only this tool obeys.
    """
