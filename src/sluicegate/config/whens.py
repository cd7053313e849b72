"""Conditions under which a stage runs at all: ``when:``."""

import re
from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.comparing import environments_after, explain_fact
from sluicegate.config.gates import evidence_of
from sluicegate.config.stagelist import StageList
from sluicegate.gates import facts
from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.kinds import FieldType
from sluicegate.model.task import LABEL_NAME
from sluicegate.stages.canary import CanaryStage

FACTS: Mapping[str, FieldType] = {
    "git.branch": "text",
    "git.commit": "text",
    "git.dirty": "boolean",
    "git.tag": "text",
}
"""What a condition may ask besides labels, evidence and what is released where it goes
(`engine.whens` answers)."""

_LABEL = re.compile(rf"\blabel\.{LABEL_NAME}\b")


def read_whens(checker: Checker, stages: StageList) -> dict[str, Condition]:
    """Compile the conditions of all stages that could be read and have one."""
    found = {}
    for name, stage in stages.kinds.items():
        if stage.when is None:
            continue
        evidence = evidence_of(stages.kinds, stages.upstream(name))
        labels: dict[str, FieldType] = dict.fromkeys(_LABEL.findall(stage.when), "text")
        after = environments_after(stages, name)
        known = {**FACTS, **labels, **evidence, **_released(stages, after)}
        try:
            found[name] = compile_condition(stage.when, known, known)
        except ExpressionError as error:
            unread = stages.needs.keys() - stages.kinds.keys()
            if not {_stage_of(each) for each in error.undeclared} & unread:
                said = explain_fact(error, after, is_gate=False) or str(error)
                checker.report(("stages", name, "when"), f"{stage.when!r}: {said}")
    return found


def _stage_of(name: str) -> str:
    return name.removeprefix(facts.STABLE).partition(".")[0]


def _released(stages: StageList, after: tuple[str, ...]) -> dict[str, FieldType]:
    """What is known of the release in the one environment after a stage.

    Its run had found all of it before: the stage need not come behind what found it.
    """
    if len(after) != 1:
        return {}
    before = {
        each
        for other, stage in stages.kinds.items()
        if isinstance(stage, CanaryStage) and stage.environment == after[0]
        for each in stages.upstream(other)
    }
    return facts.facts_of(evidence_of(stages.kinds, tuple(before)))


def released_where(
    stages: StageList, name: str, condition: Condition | None
) -> str | None:
    """The environment whose release the *condition* of stage *name* reads, if any."""
    names = () if condition is None else condition.names
    reads = any(each.partition(".")[0] in facts.ROOTS for each in names)
    return environments_after(stages, name)[0] if reads else None
