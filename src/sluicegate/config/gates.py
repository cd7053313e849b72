"""The gates of a pipeline file: conditions over evidence that will be there.

A written gate replaces the default of its kind, but not the facts without which the
stage measured nothing: `Stage.gate_always` and `Stage.gate_unless_named` come before
what is written, so that `failed == 0` cannot open where no test was run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.config.check import Checker
from sluicegate.config.comparing import environments_after, explain_fact, make_gate
from sluicegate.config.stagelist import StageList
from sluicegate.config.tree import Path
from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.facts import stable_of
from sluicegate.gates.gate import Gate
from sluicegate.gates.kinds import FieldType
from sluicegate.stages.stage import Stage

_MAX_CONDITIONS = 50


def read_gates(checker: Checker, stages: StageList) -> dict[str, Gate]:
    """Compile the gate of every stage that could be read."""
    gates = {}
    for name, stage in stages.kinds.items():
        after = environments_after(stages, name)
        conditions = _read_gate(checker, stages, name, stage, after)
        gates[name] = make_gate(checker, conditions, after)
        if not gates[name].asks_people:
            _check_people(checker, name, stage)
    return gates


def _check_people(checker: Checker, name: str, stage: Stage) -> None:
    """Report what *stage* would leave to people, where nobody is asked."""
    for setting in stage.leaves_to_people():
        checker.report(
            ("stages", name, setting),
            "leaves it to people, but not every environment after the stage asks any:"
            " add `approvals` there, or let it `block`",
        )


def _read_gate(
    checker: Checker,
    stages: StageList,
    name: str,
    stage: Stage,
    after: tuple[str, ...],
) -> list[Condition]:
    path: Path = ("stages", name, "gate")
    default = stage.default_gate(name)
    if stage.gate is not None and not stage.gate:
        said = ", ".join(f'"{text}"' for text in default)
        message = "an empty gate never opens; leave it out for the default"
        checker.report(path, f"{message}: [{said}]" if said else message)
    elif stage.gate is not None and len(stage.gate) > _MAX_CONDITIONS:
        checker.report(path, f"a gate has at most {_MAX_CONDITIONS} conditions")
        return []
    elif stage.gate is None and not default:
        checker.report(path[:2], "needs a gate: this kind has none of its own")
    fields = evidence_of(stages.kinds, (name, *stages.upstream(name)))
    own = _Own(checker, stages, name, fields)
    if stage.gate is None:
        return own.compile(default)
    known = {**fields, **(stable_of(fields) if len(after) == 1 else {})}
    written = []
    for index, text in enumerate(stage.gate):
        try:
            written.append(compile_condition(text, known, known))
        except ExpressionError as error:
            if not _hangs_on_unread(error, stages):
                message = (
                    explain_fact(error, after)
                    or _downstream(error, stages, fields)
                    or _switched_off(error, stages)
                    or str(error)
                )
                checker.report((*path, index), f"{text!r}: {message}")
    return [*_implied(own, stage, written), *written]


def _implied(
    own: "_Own", stage: Stage, written: Sequence[Condition]
) -> list[Condition]:
    """The conditions that hold beside the *written* ones, without those written too."""
    named = {field for condition in written for field in condition.names}
    texts = {condition.text for condition in written}
    always = own.compile(stage.gate_always(own.name))
    assumed = own.compile(stage.gate_unless_named(own.name))
    return [
        *(each for each in always if each.text not in texts),
        *(each for each in assumed if named.isdisjoint(each.names)),
    ]


@dataclass(frozen=True, slots=True)
class _Own:
    """Compiles the conditions that the kind of stage *name* has itself.

    They name evidence of stages before, in *fields*, only where a setting does.
    """

    checker: Checker
    stages: StageList
    name: str
    fields: Mapping[str, FieldType]

    def compile(self, texts: Iterable[str]) -> list[Condition]:
        """Compile *texts*; what does not fit is reported where the setting stands."""
        compiled = []
        for text in texts:
            try:
                compiled.append(compile_condition(text, self.fields, self.fields))
            except ExpressionError as error:
                place = self._place(text)
                if place is None:
                    raise  # a mistake of the kind itself
                if not _hangs_on_unread(error, self.stages):
                    message = (
                        _downstream(error, self.stages, self.fields)
                        or _switched_off(error, self.stages)
                        or str(error)
                    )
                    self.checker.report(place, message)
        return compiled

    def _place(self, text: str) -> Path | None:
        """The setting that names evidence in *text* which is not there."""
        named = self.stages.kinds[self.name].names_evidence()
        found = [place for place, field in named.items() if field in text]
        unknown = [place for place in found if named[place] not in self.fields]
        place = next(iter((*unknown, *found)), None)
        return None if place is None else ("stages", self.name, *place)


def evidence_of(
    kinds: Mapping[str, Stage], names: tuple[str, ...]
) -> dict[str, FieldType]:
    """The fields that the stages *names* report, as ``stage.field``, with types."""
    return {
        f"{name}.{spec.name}": spec.type
        for name in names
        if name in kinds
        for spec in kinds[name].fields()
    }


def _hangs_on_unread(error: ExpressionError, stages: StageList) -> bool:
    """Whether it is about a stage whose own problems come first."""
    named = {name.partition(".")[0] for name in error.undeclared}
    return any(name in stages.needs and name not in stages.kinds for name in named)


def _downstream(
    error: ExpressionError, stages: StageList, fields: Mapping[str, FieldType]
) -> str | None:
    """Say it where evidence exists, but not yet when this gate is judged."""
    everything = evidence_of(stages.kinds, tuple(stages.kinds))
    late = [name for name in error.undeclared if name in everything]
    if not late or late[0] in fields:
        return None
    stage = late[0].partition(".")[0]
    return f"{late[0]} is not there yet: add {stage!r} to the stage's needs"


def _switched_off(error: ExpressionError, stages: StageList) -> str | None:
    """Say it where a setting of the stage keeps the evidence from being there."""
    for name in error.undeclared:
        stage, _, field = name.partition(".")
        if stage in stages.kinds:
            why = stages.kinds[stage].explain_absence(field)
            if why:
                return f"{name} is not measured: stage {stage!r}: {why}"
    return None
