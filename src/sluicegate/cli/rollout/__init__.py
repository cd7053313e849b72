"""``sluice rollout``: one module a command."""

from collections.abc import Mapping
from typing import ClassVar

import click

from sluicegate.cli.lazy import LazyGroup


class _Group(LazyGroup):
    package: ClassVar[str] = "sluicegate.cli.rollout"
    table: ClassVar[Mapping[str, str]] = {
        "status": "Show the rollouts that are under way.",
        "plot": "Draw how the evidence in a rollout came about.",
        "tick": "Do what is due in a rollout now, and wait for nothing.",
        "replay": "Judge a recorded rollout again, from the log alone.",
        "promote": "Decide that a canary gets all the traffic.",
        "abort": "Decide that a canary gives its traffic back.",
        "pause": "Keep a rollout as it is until it is resumed.",
        "resume": "Let a paused rollout go on.",
    }
    meant: ClassVar[Mapping[str, str]] = {
        "show": "status",
        "list": "status",
        "continue": "resume",
        "stop": "pause",
        "cancel": "abort",
        "undo": "abort",
        "retry": "tick",
        "watch": "status",
        "draw": "plot",
        "svg": "plot",
    }


@click.group(cls=_Group)
def rollout() -> None:
    """Look at rollouts under way, move them on, decide about them."""
