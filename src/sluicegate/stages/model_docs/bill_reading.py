"""What is read of a bill of materials, ours or a user's, and what it lacks. Pure."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic import StringConstraints as Text

from sluicegate.errors import PermanentError
from sluicegate.stages.model_docs.figure import read_figure
from sluicegate.stages.model_docs.parts import words_of
from sluicegate.stages.model_docs.placeholder import find_placeholder
from sluicegate.stages.model_docs.statement import Said, Sought

Wanted = Literal[
    "hashes",
    "licenses",
    "datasets",
    "metrics",
    "slices",
    "intervals",
    "use_cases",
    "limitations",
    "authors",
]
MAX_BYTES = 16 << 20
_MODEL = "machine-learning-model"


class _Part(BaseModel):
    """Keys that are not named here are none of ours."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class _Hash(_Part):
    alg: str
    content: Annotated[str, Text(pattern=r"^[0-9a-fA-F]{32,128}$")]


class _Interval(_Part):
    lowerBound: str | None = None  # noqa: N815 - CycloneDX's names
    upperBound: str | None = None  # noqa: N815


class _Metric(_Part):
    type: str = ""
    value: str | None = None
    slice: str | None = None
    confidenceInterval: _Interval | None = None  # noqa: N815


class _Analysis(_Part):
    performanceMetrics: list[_Metric] = Field(default_factory=list)  # noqa: N815


class _Considerations(_Part):
    useCases: list[str] = Field(default_factory=list)  # noqa: N815
    technicalLimitations: list[str] = Field(default_factory=list)  # noqa: N815


class _Dataset(_Part):
    ref: str | None = None
    name: str | None = None


class _Parameters(_Part):
    datasets: list[_Dataset] = Field(default_factory=list)


class _ModelCard(_Part):
    modelParameters: _Parameters = Field(default_factory=_Parameters)  # noqa: N815
    quantitativeAnalysis: _Analysis = Field(default_factory=_Analysis)  # noqa: N815
    considerations: _Considerations = Field(default_factory=_Considerations)


class _Licence(_Part):
    id: str | None = None
    name: str | None = None


class _Choice(_Part):
    license: _Licence | None = None
    expression: str | None = None


class _Author(_Part):
    name: str | None = None


class _Component(_Part):
    type: str
    name: Annotated[str, Text(min_length=1)]
    hashes: list[_Hash] = Field(default_factory=list)
    licenses: list[_Choice] = Field(default_factory=list)
    authors: list[_Author] = Field(default_factory=list)
    supplier: _Author | None = None
    manufacturer: _Author | None = None
    components: list["_Component"] = Field(default_factory=list)
    modelCard: _ModelCard | None = None  # noqa: N815


class _Metadata(_Part):
    component: _Component | None = None


class _Document(_Part):
    bomFormat: Literal["CycloneDX"]  # noqa: N815
    specVersion: Literal["1.5", "1.6", "1.7"]  # noqa: N815
    metadata: _Metadata = Field(default_factory=_Metadata)
    components: list[_Component] = Field(default_factory=list)


class Bill:
    """A bill of one model, known as ``source``."""

    def __init__(self, data: bytes, source: str) -> None:
        """Read *data*.

        Raises:
            PermanentError: it is not CycloneDX with exactly one model in it.
        """
        self._source = source
        document = _read(data, source)
        components = list(_walk(document))
        models = [each for each in components if each.type == _MODEL]
        if len(models) != 1:
            raise PermanentError(
                f"{source}: {len(models) or 'no'} components of the type {_MODEL}; it"
                " must be about one model"
            )
        self._model = models[0]
        self._card = self._model.modelCard or _ModelCard()
        self._hashes = {
            each.content.lower()
            for component in components
            for each in component.hashes
            if each.alg == "SHA-256"
        }

    def statements(self, sought: Sought) -> list[Said]:
        """The numbers that it has for a metric, of the slice that is sought or of all.

        Raises:
            PermanentError: one is no number that evidence could be held against.
        """
        names = {" ".join(words_of(name)) for name in sought.names}
        found: list[Said] = []
        wanted = words_of(sought.slice or "")
        for metric in self._card.quantitativeAnalysis.performanceMetrics:
            is_it = " ".join(words_of(metric.type)) in names
            if not is_it or words_of(metric.slice or "") != wanted:
                continue
            figure = read_figure(metric.value or "", self._source)
            if figure is not None:
                found.append(Said(figure, self._source, 0))
        return found

    def lacks(
        self, wanted: Sequence[Wanted], digests: Sequence[tuple[str, str]]
    ) -> list[str]:
        """What it does not say of what is *wanted*, for people.

        *digests* are the model's files, as (path, SHA-256).
        """
        missing = [each for each in wanted if not self._has(each)]
        found = [each for each in missing if each != "hashes" or not digests]
        return [
            *found,
            *(
                f"the digest of {path}"
                for path, digest in digests
                if "hashes" in wanted and digest not in self._hashes
            ),
        ]

    def _has(self, wanted: Wanted) -> bool:
        card, model = self._card, self._model
        numbers = [
            metric
            for metric in card.quantitativeAnalysis.performanceMetrics
            if metric.type and metric.value
        ]
        bounds = [metric.confidenceInterval for metric in numbers]
        owners = (*model.authors, model.supplier, model.manufacturer)
        sets = card.modelParameters.datasets
        said: dict[Wanted, list[str | None]] = {
            "hashes": [*self._hashes],
            "licenses": [_name_of(each) for each in model.licenses],
            "datasets": [each.name or each.ref for each in sets],
            "metrics": [metric.type for metric in numbers],
            "slices": [metric.slice for metric in numbers],
            "intervals": [
                each.upperBound for each in bounds if each and each.lowerBound
            ],
            "use_cases": [*card.considerations.useCases],
            "limitations": [*card.considerations.technicalLimitations],
            "authors": [each.name for each in owners if each],
        }
        return _is_said(said[wanted])


def _name_of(choice: _Choice) -> str | None:
    named = choice.license
    return choice.expression or (named.id or named.name if named else None)


def _is_said(texts: Sequence[str | None]) -> bool:
    said = [text for text in texts if text and text.strip()]
    return bool(said) and not any(find_placeholder(text) for text in said)


def _walk(document: _Document) -> Iterator[_Component]:
    top = document.metadata.component
    waiting = [*([] if top is None else [top]), *document.components]
    while waiting:
        component = waiting.pop()
        yield component
        waiting += component.components


def _read(data: bytes, source: str) -> _Document:
    if len(data) > MAX_BYTES:
        raise PermanentError(f"{source} is larger than {MAX_BYTES >> 20} MiB")
    try:
        content = json.loads(
            data, object_pairs_hook=_no_twice, parse_constant=_no_constant
        )
        return _Document.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = f"{source}: {place}: {first['msg']}"
        raise PermanentError(
            message, hint="it must be CycloneDX 1.5 to 1.7, in JSON"
        ) from error
    except (ValueError, RecursionError) as error:
        raise PermanentError(f"{source} is not JSON: {error}") from error


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(text: str) -> Any:  # noqa: ANN401 - json's signature
    raise ValueError(f"{text} is no number")
