"""Which stable release the gate of a stage may compare with.

Evidence goes one way: a stage knows the environment that it leads to. Where it leads to
several, nothing says which of them is meant, so that is written in the gate of the
environment itself.
"""

from collections.abc import Iterable

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.config.tree import Table, child, find
from sluicegate.gates.condition import Condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.facts import ROOTS, STABLE
from sluicegate.gates.gate import Gate
from sluicegate.stages.canary import CanaryStage


def environments_after(stages: StageList, name: str) -> tuple[str, ...]:
    """The environments whose stages need stage *name*, each once, in their order."""
    found = {
        stage.environment: None
        for other, stage in stages.kinds.items()
        if isinstance(stage, CanaryStage) and name in stages.upstream(other)
    }
    return tuple(found)


def make_gate(
    checker: Checker, conditions: Iterable[Condition], after: tuple[str, ...]
) -> Gate:
    """A gate of *conditions* before the environments *after*."""
    read = tuple(conditions)
    names = [name for condition in read for name in condition.names]
    compares = len(after) == 1 and any(name.startswith(STABLE) for name in names)
    asks_people = bool(after) and all(_asks_people(checker, each) for each in after)
    return Gate(read, after[0] if compares else None, asks_people)


def _asks_people(checker: Checker, environment: str) -> bool:
    path = ("environments", environment)
    return isinstance(child(find(checker.root, path).node, "approvals"), Table)


def explain_fact(
    error: ExpressionError, after: tuple[str, ...], *, is_gate: bool = True
) -> str | None:
    """Why a stage's gate cannot read the fact that *error* is about, if it is one.

    *after* are the environments that come after the stage. Its ``when``, which is no
    gate, may read all that is known of the only one of them.
    """
    for name in error.undeclared:
        root = name.partition(".")[0]
        if root not in ROOTS:
            continue
        if root != STABLE.rstrip(".") and is_gate:
            why = f"only the gate of an environment can read {root}"
        elif not after:
            why = "no environment comes after the stage, so nothing is released there"
        elif len(after) > 1:
            why = f"of {' or '.join(after)}? Both come after the stage"
            if len(after) > 2:  # noqa: PLR2004 - not both
                why = f"of {', '.join(after)}? All of them come after the stage"
        else:
            return None  # it is there, and the field is misspelt
        if not is_gate:
            return f"{name}: {why}"
        place = f"environments.{after[0] if len(after) == 1 else 'NAME'}.gate"
        return f"{name}: {why}; write the condition in {place}"
    return None
