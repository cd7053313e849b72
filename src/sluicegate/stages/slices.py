"""Every slice of the examples, not their mean: minima, gaps and ratios.

A slice is all examples with one value in a column, like ``region=EU``. A slice that is
too small to tell is *inconclusive*, with its name and the number of examples that it
would take; it is never left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.stages.evaluation.copying import plan_copy, probe_copy, read_copy
from sluicegate.stages.evaluation.predictions import read_predictions
from sluicegate.stages.evaluation.sliced import (
    Finding,
    Kind,
    Rule,
    conclude_slices,
    judge_slices,
)
from sluicegate.stages.evaluation.slicing import (
    Share,
    count,
    count_all,
    outcomes,
    slices_of,
)
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    ProjectPath,
    Report,
    Settings,
    StageContext,
)

_STEP = "predictions"
_MAX_TEXT = 1000  # an entry of the log has 32 KiB for everything
_SHOWN = 5  # slices
Limit = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Column = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.\-]{0,99}$")]


class SliceRule(Settings):
    """What every slice must satisfy: one of min, max_gap and min_ratio."""

    metric: Share = Field(description="The share of the slice's examples.")
    min: Limit | None = Field(None, description="It is above this.")
    max_gap: Limit | None = Field(
        None, description="It is less than this below that of all other examples."
    )
    min_ratio: Limit | None = Field(
        None, description="It is more than this times that of all other examples."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (
            sum(each is not None for each in (self.min, self.max_gap, self.min_ratio))
            != 1
        ):
            raise ValueError("name one of min, max_gap and min_ratio")
        return self

    @property
    def rule(self) -> Rule:
        """The rule as it is judged."""
        named: tuple[tuple[Kind, float | None], ...] = (
            ("min", self.min),
            ("gap", self.max_gap),
            ("ratio", self.min_ratio),
        )
        (rule,) = (Rule(kind, limit) for kind, limit in named if limit is not None)
        return rule

    @property
    def name(self) -> str:
        """How its fields begin."""
        return f"{self.metric}_{self.rule.kind}"


class SlicesStage(CommandStage):
    """Judges every slice of a model's predictions."""

    kind: ClassVar[str] = "slices"
    summary: ClassVar[str] = "Minima, gaps and ratios of every slice of the examples"

    uses: Literal["slices"]
    predictions: ProjectPath = Field(
        description="A file as compare takes it, with y, yhat and the columns of by."
    )
    by: tuple[Column, ...] = Field(
        min_length=1, max_length=20, description="Columns whose values are slices."
    )
    rules: tuple[SliceRule, ...] = Field(
        min_length=1, max_length=20, description="What every slice must satisfy."
    )
    required: tuple[str, ...] = Field(
        (),
        max_length=200,
        description="Slices that there must be, like region=EU; else it is broken.",
    )
    positive: bool | float | str = Field(
        1.0, description="The label that recall, precision and selection are about."
    )
    confidence: float = Field(
        0.95, ge=0.8, le=0.9999, description="One-sided, of every slice."
    )
    power: float = Field(
        0.8, ge=0.5, le=0.99, description="For which the examples needed are counted."
    )
    min_examples: int = Field(
        30, ge=1, le=1_000_000, description="A slice with fewer is inconclusive."
    )
    on_inconclusive: Literal["pending", "block", "approval"] = Field(
        "pending", description="What becomes of the gate where a slice cannot tell."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError("a rule of the same kind for the same metric comes twice")
        if len(set(self.by)) < len(self.by):
            raise ValueError("by: a column comes twice")
        for name in self.required:
            if name.partition("=")[0] not in self.by or "=" not in name:
                raise ValueError(f"required: {name!r} is no slice like {self.by[0]}=EU")
        return self

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        words = {"pending": "inconclusive", "approval": "needs_approval"}
        word = words.get(self.on_inconclusive)
        why = "Which slices are too small to tell, and how many examples it would take."
        return (
            FieldSpec("examples", "integer", "Examples in the file."),
            FieldSpec("slices", "integer", "Slices of all columns of by."),
            FieldSpec("small", "integer", "Slices with fewer than min_examples."),
            FieldSpec("predictions_digest", "text", "SHA-256 of the file."),
            *(spec for rule in self.rules for spec in _fields_of(rule)),
            *((FieldSpec(word, "text", why),) if word else ()),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return tuple(f"{name}.{rule.name}_holds == true" for rule in self.rules)

    @override
    def leaves_to_people(self) -> tuple[str, ...]:
        return ("on_inconclusive",) if self.on_inconclusive == "approval" else ()

    @override
    def tools(self) -> tuple[str, ...]:
        return ()

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        return (probe_copy(context, self.predictions, self.timeout),)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        return (plan_copy(context, _STEP, self.predictions, self.timeout)[0],)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        data = read_copy(results, _STEP)
        if data is None:
            raise PermanentError(
                f"there is no {self.predictions}",
                hint="does a stage before this one write it? Name it in its outputs",
            )
        rows = read_predictions(data, self.predictions)
        slices = slices_of(rows, self.by)
        absent = [name for name in self.required if name not in slices]
        if absent:
            raise PermanentError(
                f"{self.predictions} has no example of {', '.join(absent)}",
                hint="required slices must be there: nothing was found out about them",
            )
        fields: dict[str, Value] = {
            "examples": len(rows.ids),
            "slices": len(slices),
            "small": sum(len(each) < self.min_examples for each in slices.values()),
            "predictions_digest": str(Digest.of(data)),
        }
        everywhere = tuple(range(len(rows.ids)))
        table, said, unsure = {}, [], []
        for rule in self.rules:
            counted = outcomes(rows, rule.metric, self.positive)
            found = judge_slices(
                rule.rule,
                count_all(counted, slices),
                count(counted, everywhere),
                confidence=self.confidence,
                power=self.power,
                least=self.min_examples,
            )
            holds = conclude_slices(found)
            fields |= _values(rule, found, holds)
            table[rule.name] = {name: _row(each) for name, each in found.items()}
            said.append(_describe(rule, found, holds))
            if holds is None:
                unsure.append(said[-1])
        fields |= self._word(unsure)
        head = f"{len(rows.ids)} examples, {len(slices)} slices"
        files = (
            OutputFile(
                "slices.json", "application/json", json.dumps(table, indent=1).encode()
            ),
            OutputFile(
                _copy_name(self.predictions), _media_type(self.predictions), data
            ),
        )
        return Report(f"{head}: {'; '.join(said)}", fields, files=files)

    def _word(self, unsure: Sequence[str]) -> dict[str, Value]:
        text = "; ".join(unsure)[:_MAX_TEXT]
        if not text or self.on_inconclusive == "block":
            return {}
        if self.on_inconclusive == "pending":
            return {"inconclusive": text}
        return {"needs_approval": f"inconclusive: {text}"[:_MAX_TEXT]}


def _copy_name(path: str) -> str:
    return "predictions.csv" if path.lower().endswith(".csv") else "predictions.jsonl"


def _media_type(path: str) -> str:
    return "text/csv" if path.lower().endswith(".csv") else "application/jsonl"


def _fields_of(rule: SliceRule) -> Iterator[FieldSpec]:
    yield FieldSpec(
        f"{rule.name}_holds",
        "boolean",
        "Whether every slice shows it; absent where one cannot tell.",
    )
    yield FieldSpec(f"{rule.name}_worst", "text", "The slice that is nearest to a no.")
    yield FieldSpec(
        f"{rule.name}_slack",
        "number",
        "Lower bound of what that slice has above the limit.",
        "as the metric",
    )


def _values(
    rule: SliceRule,
    found: Mapping[str, Finding],
    holds: bool | None,  # noqa: FBT001 - found
) -> dict[str, Value]:
    values: dict[str, Value] = {} if holds is None else {f"{rule.name}_holds": holds}
    bounds = {
        name: each.lower for name, each in found.items() if each.lower is not None
    }
    if bounds:
        worst = min(bounds, key=bounds.__getitem__)
        values[f"{rule.name}_worst"] = worst
        values[f"{rule.name}_slack"] = bounds[worst]
    return values


def _row(found: Finding) -> dict[str, object]:
    return {
        "k": found.count.k,
        "n": found.count.n,
        "seen": found.seen,
        "lower": found.lower,
        "holds": found.holds,
        "needed": found.needed,
    }


def _describe(
    rule: SliceRule,
    found: Mapping[str, Finding],
    holds: bool | None,  # noqa: FBT001 - found
) -> str:
    words = {"min": "above", "gap": "no gap of", "ratio": "more than"}
    tail = " times the others" if rule.rule.kind == "ratio" else ""
    what = f"{rule.metric} {words[rule.rule.kind]} {rule.rule.limit:g}{tail}"
    if holds:
        return f"{what} in each"
    if holds is False:
        bad = [name for name, each in found.items() if each.holds is False]
        return f"{what}: not in {_list(bad)}"
    parts = []
    for name, each in found.items():
        if each.holds is None:
            would = f", about {each.needed} would" if each.needed else ""
            parts.append(f"{name} ({each.count.n} examples do not tell{would})")
    return f"{what}? {_list(parts)}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
