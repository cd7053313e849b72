"""Conditions under which a stage runs at all: ``when:``."""

import re
from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.gates import evidence_of
from sluicegate.config.stagelist import StageList
from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.kinds import FieldType
from sluicegate.model.task import LABEL_NAME

FACTS: Mapping[str, FieldType] = {
    "git.branch": "text",
    "git.commit": "text",
    "git.dirty": "boolean",
    "git.tag": "text",
}
"""What a condition may ask besides labels and evidence (`engine.whens` answers)."""

_LABEL = re.compile(rf"\blabel\.{LABEL_NAME}\b")


def read_whens(checker: Checker, stages: StageList) -> dict[str, Condition]:
    """Compile the conditions of all stages that could be read and have one."""
    found = {}
    for name, stage in stages.kinds.items():
        if stage.when is None:
            continue
        evidence = evidence_of(stages.kinds, stages.upstream(name))
        labels: dict[str, FieldType] = dict.fromkeys(_LABEL.findall(stage.when), "text")
        known = {**FACTS, **labels, **evidence}
        try:
            found[name] = compile_condition(stage.when, known, known)
        except ExpressionError as error:
            unread = stages.needs.keys() - stages.kinds.keys()
            if not {each.partition(".")[0] for each in error.undeclared} & unread:
                message = f"{stage.when!r}: {error}"
                checker.report(("stages", name, "when"), message)
    return found
