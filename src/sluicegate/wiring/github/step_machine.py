"""The machine that a step of the Action runs on."""

from sluicegate.adapters.own_memory import keep_others_out
from sluicegate.wiring.github.own_tools import with_own_tools
from sluicegate.wiring.machine import Machine


def open_machine() -> Machine:
    """This machine, with the Action's own tools behind those it has.

    No other process of this user can look into this one from here on: programs of the
    pipeline run beside it, and what it writes to the runner is obeyed.
    """
    keep_others_out()
    return with_own_tools(Machine())
