"""``sluice audit``: one module a command."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.audit"
    table: ClassVar[Mapping[str, str]] = {
        "log": "List entries: what happened, when, by whom.",
        "show": "Show one entry in full.",
        "verify": "Check every byte of the log and of the evidence that it names.",
        "prove": "Write a proof that an entry is in the log, one file.",
        "consistency": "Prove that the log only grew, from one state to another.",
        "export": "Write it in the form of other programs: in-toto, CSV.",
        "retention": "Compute how long it is kept, and what stands behind that.",
        "prune": "Remove the oldest entries once nothing needs them any more.",
        "hold": "Place, release and list legal holds.",
        "absorb": "Take in what people without the log's key have signed.",
        "keys": "Show, make and rotate the keys that sign the log.",
        "witness": "Have witnesses cosign the log as it is.",
        "checkpoint": "Show the signed state of the log, or sign it again.",
        "pin": "Trust a checkpoint that somebody gave you.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "check": "verify",
        "list": "log",
        "ls": "log",
        "get": "show",
        "gc": "prune",
        "retain": "retention",
    }


@click.group(cls=_Group)
def audit() -> None:
    """Read, verify and keep the audit log."""
