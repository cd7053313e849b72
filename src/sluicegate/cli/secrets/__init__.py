"""``sluice secrets``."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.secrets"
    table: ClassVar[Mapping[str, str]] = {
        "list": "List the secrets that the pipeline file names.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "ls": "list",
        "show": "list",
    }


@click.group(cls=_Group)
def secrets() -> None:
    """See which stages get which secrets, and whether they can have them.

    The pipeline file names who keeps a secret and where, never its value, and no
    command here shows one.
    """
