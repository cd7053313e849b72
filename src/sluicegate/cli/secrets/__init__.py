"""``sluice secrets``."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.secrets"
    table: ClassVar[Mapping[str, str]] = {
        "list": "List the secrets that the pipeline file names.",
        "check": "Prove that stages can have their secrets, and no more.",
        "doctor": "Say what GitHub's OIDC tokens say, and what must change.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "ls": "list",
        "policy": "check --policy",
        "test": "check",
        "show": "list",
    }


@click.group(cls=_Group)
def secrets() -> None:
    """See which stages get which secrets, and whether they can have them.

    The pipeline file names who keeps a secret and where, never its value, and no
    command here shows one.
    """
