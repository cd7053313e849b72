"""The conditions of an environment: over what the stages before it have found."""

from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.gates import evidence_of
from sluicegate.config.stagelist import StageList
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.facts import facts_of
from sluicegate.gates.kinds import FieldType
from sluicegate.stages.canary import CanaryStage


def stages_before(stages: StageList, environment: str) -> tuple[str, ...]:
    """The stages that come before everything that goes to *environment*.

    Where several stages go there, those that come before each of them: what must hold
    whichever of them is at its turn. In the order of the file.
    """
    there = stages_to(stages, environment)
    if not there:
        return ()
    common = set.intersection(*(set(stages.upstream(name)) for name in there))
    return tuple(name for name in stages.order if name in common)


def stages_to(stages: StageList, environment: str) -> tuple[str, ...]:
    """The stages that go to *environment*."""
    return tuple(
        name
        for name, stage in stages.kinds.items()
        if isinstance(stage, CanaryStage) and stage.environment == environment
    )


def entry_fields(stages: StageList, environment: str) -> Mapping[str, FieldType]:
    """What the conditions of *environment* may read, with types."""
    evidence = evidence_of(stages.kinds, stages_before(stages, environment))
    return {**evidence, **facts_of(evidence)}


def check_entry_gate(
    checker: Checker, stages: StageList, environment: str, gate: tuple[str, ...]
) -> None:
    """Report the conditions of *gate* that cannot be judged."""
    fields = entry_fields(stages, environment)
    unread = stages.needs.keys() - stages.kinds.keys()
    for index, text in enumerate(gate):
        try:
            compile_condition(text, fields, fields)
        except ExpressionError as error:
            named = {name.removeprefix("stable.") for name in error.undeclared}
            if not {name.partition(".")[0] for name in named} & unread:
                message = f"{text!r}: {_explain(error, stages, environment)}"
                checker.report(("environments", environment, "gate", index), message)


def _explain(error: ExpressionError, stages: StageList, environment: str) -> str:
    """Say it where evidence exists, but not before everything that goes there."""
    there = stages_to(stages, environment)
    everything = evidence_of(stages.kinds, tuple(stages.kinds))
    for name in error.undeclared:
        plain = name.removeprefix("stable.")
        stage = plain.partition(".")[0]
        if plain not in everything:
            continue
        if stage in there:
            return f"{name} is not there before the release is in {environment}"
        if not there:
            return f"no stage goes to {environment}, so nothing was found before it"
        return f"{name} is not there yet: add {stage!r} to the needs of {there[0]!r}"
    return str(error)
