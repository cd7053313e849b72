"""The documents of a model: complete, filled in, and with the numbers of its gates.

The card and what the model is made of are read from copies, so that whoever judges does
so from the same bytes. A number of the card is held against the evidence of the same
run by the gate itself: both stand in the log.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.stages.docs_numbers import MetricTerms
from sluicegate.stages.docs_report import (
    BY_DEFAULT,
    Material,
    Terms,
    fields_of,
    report_on,
)
from sluicegate.stages.docs_settings import (
    BillSettings,
    MetricDocs,
    MetricSetting,
    ModelDocs,
    evidence_of,
    spell_out,
)
from sluicegate.stages.evaluation.copying import (
    check_same,
    plan_copy,
    probe_copy,
    read_copy,
)
from sluicegate.stages.model_docs.parts import (
    PARTS,
    PROFILES,
    Known,
    Part,
    Profile,
    words_of,
)
from sluicegate.stages.model_docs.statement import Sought
from sluicegate.stages.modelscan_report import ModelFile, read_files
from sluicegate.stages.output import find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    ProjectPath,
    Report,
    StageContext,
)

_CARD, _TEMPLATE, _BILL, _READER = "card", "template", "mlbom", "model-reader"
_COPIES = {_CARD: "card.md", _TEMPLATE: "template.md", _BILL: "mlbom.json"}
_FILES = "model-files.json"
_FORMATS = ("safetensors", "onnx", "gguf", "json", "npy")
_MAX_FILE = 1 << 40  # bytes; which files are too large, modelscan says
MetricName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Heading = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,100}$")]


class DocsStage(CommandStage):
    """Checks a model card, and makes or checks the model's bill of materials."""

    kind: ClassVar[str] = "docs"
    summary: ClassVar[str] = "The model card and the ML-BOM, with the gates' numbers"

    uses: Literal["docs"]
    card: ProjectPath = Field(
        "MODEL_CARD.md",
        description="The model card: Markdown, with YAML front matter or without.",
    )
    require: tuple[Part, ...] = Field(
        (
            *("license", "owner", "intended_use", "limitations", "training_data"),
            "metrics",
        ),
        description="Parts that it must have, as a heading, a label or in the front"
        " matter.",
    )
    headings: tuple[Heading, ...] = Field(
        (), max_length=50, description="Further headings that it must have."
    )
    profile: Profile | None = Field(
        None,
        description="Further headings of model-card (Mitchell et al. 2019) or"
        " eu-ai-act-annex-iv.",
    )
    min_words: int = Field(
        5, ge=1, le=1000, description="Words that a required part has at least."
    )
    template: ProjectPath | None = Field(
        None, description="A card whose lines must not be left as they are there."
    )
    metrics: Mapping[MetricName, MetricSetting] = Field(
        default_factory=dict,
        max_length=12,
        description="Metrics that the card gives, each with the evidence that it is"
        " held against, like {accuracy: compare.accuracy_candidate}.",
    )
    model: ModelDocs | None = Field(
        None, description="The model's files, by digest in the ML-BOM."
    )
    mlbom: BillSettings = Field(
        default_factory=BillSettings, description="The bill of materials."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.require or self.headings or self.profile):
            raise ValueError("require something of the card, or it may say nothing")
        if any(not words_of(heading) for heading in self.headings):
            raise ValueError("a heading needs a letter or a digit")
        return self

    @override
    def names_evidence(self) -> Mapping[tuple[str | int, ...], str]:
        return evidence_of(self._asked(), self.model)

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return fields_of(
            {name: metric.evidence for name, metric in self._asked().items()},
            lists_files=self.model is not None,
        )

    @override
    def explain_absence(self, field: str) -> str | None:
        if field in {"content", "model_files"}:
            return "it has no `model`"
        if field == "contradictions" or field.startswith("stated_"):
            return "its `metrics` have none of that name"
        return None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (*self.gate_always(name), *self.gate_unless_named(name))

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        held = [f"{name}.card == true"]
        for key, metric in self._asked().items():
            low, high = f"{name}.stated_{key}_low", f"{name}.stated_{key}_high"
            held.append(f"{low} <= {metric.evidence} && {metric.evidence} <= {high}")
            if metric.interval is not None:
                lower, upper = metric.interval
                held.append(
                    f"{lower} <= {metric.evidence} && {metric.evidence} <= {upper}"
                )
        if self.model is not None and self.model.content is not None:
            held.append(f"{name}.content == {self.model.content}")
        return tuple(held)

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        counted = ["missing", "placeholders", "mlbom_gaps"]
        if self.metrics:
            counted.append("contradictions")
        return tuple(f"{name}.{field} == 0" for field in counted)

    @override
    def reads(self) -> tuple[str, ...]:
        return tuple(self._copied().values())

    @override
    def tools(self) -> tuple[str, ...]:
        return () if self.model is None else (_READER,)

    @override
    def reads_commit(self) -> bool:
        return self.mlbom.file is None  # the bill names it

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        copies = (
            probe_copy(context, each, self.timeout) for each in self._copied().values()
        )
        return (
            *copies,
            *(self._reader(context, self.model, None) if self.model else ()),
        )

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        copies = tuple(
            plan_copy(context, name, path, self.timeout, copy=_COPIES[name])[0]
            for name, path in self._copied().items()
        )
        if self.model is None:
            return copies
        (command,) = self._reader(context, self.model, f"{context.output}/{_FILES}")
        return (*copies, Step(_READER, command, (_FILES,), quiet=True))

    def _asked(self) -> Mapping[str, MetricDocs]:
        return {name: spell_out(said) for name, said in self.metrics.items()}

    def _copied(self) -> Mapping[str, str]:
        """The files that are copied, by the name of the step."""
        wanted = {_CARD: self.card, _TEMPLATE: self.template, _BILL: self.mlbom.file}
        return {name: path for name, path in wanted.items() if path is not None}

    def _reader(
        self, context: StageContext, model: ModelDocs, output: str | None
    ) -> tuple[Command]:
        orders: Mapping[str, object] = {
            "project": context.project,
            "paths": model.paths,
            "formats": _FORMATS,
            "pickle": None,
            "unchecked": (),
            "max_file": _MAX_FILE,
            "output": output,
        }
        argv = (*context.tools[_READER].argv, json.dumps(orders))
        return (Command(argv, context.project, self.timeout, self.env),)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        copies = {name: read_copy(results, name) for name in self._copied()}
        for name, path in self._copied().items():
            check_same(path, copies[name], context.files.get(path))
        files: tuple[ModelFile, ...] = ()
        if self.model is not None:
            files = read_files(find_step(results, _READER), _FILES)
        if self.template is not None and copies[_TEMPLATE] is None:
            raise PermanentError(
                f"there is no {self.template}", hint="let `template` name a file"
            )
        material = Material(
            copies[_CARD], copies.get(_TEMPLATE), copies.get(_BILL), files
        )
        return report_on(self._terms(), material, context)

    def _terms(self) -> Terms:
        parts = {part.replace("_", " "): PARTS[part] for part in self.require}
        parts |= PROFILES[self.profile] if self.profile else {}
        parts |= {heading: Known(titles=(heading,)) for heading in self.headings}
        wanted = self.mlbom.require
        if wanted is None:
            has = {"hashes": self.model is not None, "metrics": bool(self.metrics)}
            wanted = ("licenses", *(name for name in BY_DEFAULT if has[name]))
        return Terms(
            card=self.card,
            template=self.template,
            bill=self.mlbom.file,
            parts=parts,
            least=self.min_words,
            metrics={
                name: MetricTerms(
                    Sought((name, *metric.names), metric.where, metric.slice),
                    metric.digits,
                    metric.evidence,
                    metric.interval,
                )
                for name, metric in self._asked().items()
            },
            wanted=wanted,
            lists_files=self.model is not None,
        )
