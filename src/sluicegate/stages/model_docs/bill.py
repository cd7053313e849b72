"""A bill of materials of a model: CycloneDX 1.6, the same bytes of the same inputs.

Source: CycloneDX 1.6 (ECMA-424), https://cyclonedx.org/docs/1.6/json/.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sluicegate import __version__
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.stages.model_docs.card import Card, text_of
from sluicegate.stages.model_docs.front_matter import Items, Table, Text, texts_of
from sluicegate.stages.model_docs.license import describe_license
from sluicegate.stages.model_docs.parts import PARTS

MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.6"
SPEC = "1.6"
_SPACE = UUID("5a8f3f5e-2f0c-5c0b-9d6e-6f1d8a7b4c21")
_MOST_TEXTS, _LONGEST, _LONGEST_NAME = 50, 2000, 200  # characters


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric as the gate has it: ``value`` and bounds are evidence, as text."""

    name: str
    value: str
    slice: str | None = None
    interval: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of the model."""

    path: str
    sha256: str
    size: int
    format: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What the bill is of. ``content`` is the SHA-256 of the list of all files."""

    pipeline: str
    release: str
    commit: str
    commit_time: datetime | None
    files: Sequence[FileLine]
    content: str | None
    metrics: Sequence[MetricLine]


def write_value(value: Value) -> str:
    """A number of evidence, as CycloneDX has numbers: in a text, without exponent."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def build_bill(card: Card, card_digest: Digest, subject: Subject) -> bytes:
    """The bill of the model that *card* describes."""
    name = model_name(card) or subject.pipeline
    reference = f"model/{name}@{subject.release}"
    model = _model(card, subject, name, reference)
    metadata: dict[str, Any] = {
        "tools": {
            "components": [
                {"type": "application", "name": "sluicegate", "version": __version__}
            ]
        },
        "component": model,
        "properties": _properties(
            {
                "sluicegate:pipeline": subject.pipeline,
                "sluicegate:commit": subject.commit,
                "sluicegate:card": str(card_digest),
                "sluicegate:content": subject.content,
            }
        ),
    }
    if subject.commit_time is not None:
        when = subject.commit_time.astimezone(UTC).replace(microsecond=0)
        metadata["timestamp"] = f"{when:%Y-%m-%dT%H:%M:%SZ}"
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": metadata,
        "components": [_file(each) for each in subject.files],
        "dependencies": [
            {
                "ref": reference,
                "dependsOn": [_file_reference(each) for each in subject.files],
            }
        ],
    }
    serial = uuid5(_SPACE, json.dumps(document, sort_keys=True))
    document["serialNumber"] = f"urn:uuid:{serial}"
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def model_name(card: Card) -> str | None:
    """What the model is called: by its index, by ``model_name``, by the first title."""
    index = card.front.get("model-index")
    first = index.items[0] if isinstance(index, Items) and index.items else None
    named = first.get("name") if isinstance(first, Table) else None
    for node in (named, card.front.get("model_name")):
        if isinstance(node, Text) and node.value.strip():
            return _short(node.value)
    titles = (section.title for section in card.sections if section.level == 1)
    return next((_short(title) for title in titles if title.strip()), None)


def _model(card: Card, subject: Subject, name: str, reference: str) -> dict[str, Any]:
    model: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": reference,
        "name": name,
        "version": subject.release,
        "modelCard": _model_card(card, subject),
    }
    licenses = _licenses(card)
    if licenses:
        model["licenses"] = [{"license": describe_license(each)} for each in licenses]
    owners = [each for key in PARTS["owner"].keys for each in _words(card, key)]
    owners = owners or _named(card, "owner")
    if owners:
        model["authors"] = [{"name": each} for each in dict.fromkeys(owners)]
    if len(subject.files) == 1:
        model["hashes"] = _hashes(subject.files[0].sha256)
    return model


def _licenses(card: Card) -> list[str]:
    said = _words(card, "license")
    if said in ([], ["other"]):
        return _words(card, "license_name") or said or _named(card, "license")
    return said


def _named(card: Card, part: str) -> list[str]:
    """What stands below the headings on *part*, if that is no more than a name."""
    return [text for text in _texts(card, part)[:1] if len(text) <= _LONGEST_NAME]


def _model_card(card: Card, subject: Subject) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    task = _words(card, "pipeline_tag")
    if task:
        parameters["task"] = task[0]
    datasets = _words(card, "datasets")
    if datasets:
        parameters["datasets"] = [
            {"type": "dataset", "name": each} for each in datasets
        ]
    found: dict[str, Any] = {}
    if parameters:
        found["modelParameters"] = parameters
    if subject.metrics:
        found["quantitativeAnalysis"] = {
            "performanceMetrics": [_metric(each) for each in subject.metrics]
        }
    considerations: dict[str, Any] = {}
    uses, limits = _texts(card, "intended_use"), _texts(card, "limitations")
    if uses:
        considerations["useCases"] = uses
    if limits:
        considerations["technicalLimitations"] = limits
    ethics = _texts(card, "ethical_considerations")
    if ethics:
        considerations["ethicalConsiderations"] = [{"name": each} for each in ethics]
    if considerations:
        found["considerations"] = considerations
    return found


def _metric(metric: MetricLine) -> dict[str, Any]:
    found: dict[str, Any] = {"type": metric.name, "value": metric.value}
    if metric.slice is not None:
        found["slice"] = metric.slice
    if metric.interval is not None:
        low, high = metric.interval
        found["confidenceInterval"] = {"lowerBound": low, "upperBound": high}
    return found


def _file(file: FileLine) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": _file_reference(file),
        "name": file.path,
        "hashes": _hashes(file.sha256),
        "properties": _properties(
            {"sluicegate:format": file.format, "sluicegate:size": str(file.size)}
        ),
    }


def _file_reference(file: FileLine) -> str:
    return f"file/{file.path}"


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]


def _properties(values: Mapping[str, str | None]) -> list[dict[str, str]]:
    return [{"name": key, "value": value} for key, value in values.items() if value]


def _words(card: Card, key: str) -> list[str]:
    return [_short(each.value) for each in texts_of(card.front.get(key))][:_MOST_TEXTS]


def _texts(card: Card, part: str) -> list[str]:
    texts = dict.fromkeys(map(_short, text_of(card, PARTS[part])))
    return list(texts)[:_MOST_TEXTS]


def _short(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
