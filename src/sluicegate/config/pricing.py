"""Stages that have rates of their own must be there."""

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.config.tree import Table, child
from sluicegate.config.wording import suggest


def check_costs(checker: Checker, stages: StageList) -> None:
    """Report rates of stages that are not there: nobody would ever pay them."""
    written = child(checker.root, "costs")
    priced = None if written is None else child(written, "stages")
    if not isinstance(priced, Table):
        return
    for name in priced.entries:
        if name not in stages.needs:
            choice = suggest(name, stages.needs)
            checker.report(("costs", "stages", name), f"no stage {name!r}{choice}")
