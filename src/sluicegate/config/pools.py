"""Pools of slots that stages share: declared once, taken by name."""

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.config.tree import Leaf, Table, child
from sluicegate.config.wording import suggest


def check_pools(checker: Checker, stages: StageList) -> None:
    """Report stages that take slots of a pool that is not there, or more than it has.

    Such a stage would never start.
    """
    declared = child(checker.root, "pools")
    sizes = {}
    if isinstance(declared, Table):
        sizes = {name: entry.node for name, entry in declared.entries.items()}
    for name, stage in stages.kinds.items():
        for pool, slots in stage.pools.items():
            path = ("stages", name, "pools", pool)
            size = sizes.get(pool)
            if size is None:
                choice = suggest(pool, sizes) or "; declare it at the top: pools: {"
                choice += f"{pool}: {slots}}}" if not sizes else ""
                checker.report(path, f"unknown pool {pool!r}{choice}")
            elif (
                isinstance(size, Leaf)
                and isinstance(size.value, int)
                and slots > size.value
            ):
                message = f"wants {slots} slots, but the pool has {size.value}"
                checker.report(path, message)
