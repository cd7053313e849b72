"""What a pipeline file may ask of the documents of a model."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from sluicegate.stages.model_docs.bill_reading import Wanted
from sluicegate.stages.modelscan_settings import check_path
from sluicegate.stages.stage import ProjectPath, Settings

_FIELD = r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,99}$"
_NAME = r"^[^\x00-\x1f|]{1,80}$"

EvidenceField = Annotated[str, Field(pattern=_FIELD)]
"""A field of a stage before, as gates name it: ``compare.accuracy_candidate``."""

ModelPath = Annotated[ProjectPath, AfterValidator(check_path)]
"""A path without patterns, within the project."""


class MetricDocs(Settings):
    """What a metric that the documents give is held against."""

    evidence: EvidenceField = Field(
        description="The field of a stage before that the number must be, rounded to"
        " the digits that are given, like compare.accuracy_candidate."
    )
    names: tuple[Annotated[str, Field(pattern=_NAME)], ...] = Field(
        (), description="What the documents call it besides its key here."
    )
    digits: int = Field(
        3,
        ge=1,
        le=6,
        description="Digits that must be given: 0.871 and 0.0870 have 3. With fewer,"
        " the number must be the very one.",
    )
    where: str | None = Field(
        None,
        pattern=_NAME,
        description="Which is meant where there are several: the head of a column, the"
        " first cell of a row, the name of a dataset.",
    )
    slice: str | None = Field(
        None, pattern=_NAME, description="The slice that it is of, for the ML-BOM."
    )
    interval: tuple[EvidenceField, EvidenceField] | None = Field(
        None,
        description="Fields of its lower and upper confidence bound, for the ML-BOM.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(not re.search(r"[^\W_]", name) for name in self.names):
            raise ValueError("a name needs a letter or a digit")
        return self


_FIELD_ALONE, _WITH_KEYS = "field of evidence", "metric with keys"


def _tag(value: Any) -> str:  # noqa: ANN401 - pydantic hands over anything
    is_whole = isinstance(value, Mapping | MetricDocs)
    return _WITH_KEYS if is_whole else _FIELD_ALONE


MetricSetting = Annotated[
    Annotated[EvidenceField, Tag(_FIELD_ALONE)]
    | Annotated[MetricDocs, Tag(_WITH_KEYS)],
    Discriminator(_tag),
]
"""The field alone is short for a metric with nothing but ``evidence``."""


def spell_out(setting: MetricSetting) -> MetricDocs:
    """What *setting* says, in full."""
    return MetricDocs(evidence=setting) if isinstance(setting, str) else setting


class ModelDocs(Settings):
    """The files of the model, which the ML-BOM lists by digest."""

    paths: tuple[ModelPath, ...] = Field(
        min_length=1, description="The model's files, as for modelscan."
    )
    content: EvidenceField | None = Field(
        None,
        description="The field of a stage before that holds the digest of these very"
        " files: modelscan.content, train.content.",
    )


class BillSettings(Settings):
    """What the ML-BOM must say."""

    file: ProjectPath | None = Field(
        None, description="One of your own, CycloneDX 1.5 to 1.7; default: it is made."
    )
    require: tuple[Wanted, ...] | None = Field(
        None,
        description="What it must say; default: licenses, hashes where there is a"
        " `model`, metrics where there are `metrics`.",
    )


def evidence_of(
    metrics: Mapping[str, MetricDocs], model: ModelDocs | None
) -> Mapping[tuple[str | int, ...], str]:
    """The fields of other stages that the settings name, by the place in them."""
    found: dict[tuple[str | int, ...], str] = {}
    for name, metric in metrics.items():
        found["metrics", name, "evidence"] = metric.evidence
        for at, field in enumerate(metric.interval or ()):
            found["metrics", name, "interval", at] = field
    if model is not None and model.content is not None:
        found["model", "content"] = model.content
    return found
