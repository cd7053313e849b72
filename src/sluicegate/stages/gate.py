"""Which evidence a stage's gate may judge, and the gate itself. Pure."""

from collections.abc import Iterator, Sequence

from sluicegate.gates.condition import FieldType, compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.stages.pipeline import NamedStage


def evidence_of(stages: Sequence[NamedStage], name: str) -> dict[str, FieldType]:
    """The fields the gate of stage *name* may read, as ``stage.field``, with types.

    They are its own and those of every stage it needs, directly or not. A field two
    branches away may not be there yet when the gate is judged.
    """
    return {
        f"{stage.name}.{spec.name}": spec.type
        for stage in _upstream(stages, name)
        for spec in stage.stage.fields()
    }


def build_gate(stages: Sequence[NamedStage], name: str) -> Gate:
    """The gate of stage *name*.

    Raises:
        ExpressionError: a condition is not usable; reading the file has excluded that.
    """
    fields = evidence_of(stages, name)
    stage = next(stage for stage in stages if stage.name == name)
    return Gate(tuple(compile_condition(text, fields, fields) for text in stage.gate))


def _upstream(stages: Sequence[NamedStage], name: str) -> Iterator[NamedStage]:
    """The stage itself, then what it needs, each once, nearest first."""
    by_name = {stage.name: stage for stage in stages}
    waiting, seen = [name], {name}
    while waiting:
        stage = by_name[waiting.pop(0)]
        yield stage
        fresh = [need for need in stage.needs if need not in seen and need in by_name]
        seen.update(fresh)
        waiting.extend(fresh)
