"""Whether people, groups and environments of a pipeline file fit together."""

from sluicegate.config.check import Checker
from sluicegate.config.entry_gates import check_entry_gate
from sluicegate.config.entry_rules import check_order, check_people_of
from sluicegate.config.people import Who, check_who
from sluicegate.config.stagelist import StageList
from sluicegate.config.tree import Table, child
from sluicegate.stages.release_rules import ReleaseRules


def check_environments(checker: Checker, stages: StageList) -> None:
    """Report rules that name nobody, cannot be satisfied or cannot be judged.

    Environments are looked at one by one: a slip in one hides none in another.
    """
    who = checker.read_part(Who)
    if who is not None:
        check_who(checker, who)
    table = child(checker.root, "environments")
    if not isinstance(table, Table):
        return
    read = {}
    for name in table.entries:
        rules = checker.read_part(ReleaseRules, ("environments", name))
        if rules is None:
            continue
        read[name] = rules
        if who is not None:
            check_people_of(checker, who, ("environments", name), rules)
        check_entry_gate(checker, stages, name, rules.gate)
    check_order(checker, read, table.entries)
