"""What the documents of a model say, as evidence: fields, findings, files. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.docs_numbers import MetricTerms, hold_numbers, measured
from sluicegate.stages.model_docs.bill import (
    MEDIA_TYPE,
    FileLine,
    MetricLine,
    Subject,
    build_bill,
    write_value,
)
from sluicegate.stages.model_docs.bill_reading import Bill, Wanted
from sluicegate.stages.model_docs.card import (
    Card,
    find_leftovers,
    has_part,
    read_card,
)
from sluicegate.stages.model_docs.parts import Known
from sluicegate.stages.model_docs.placeholder import template_lines
from sluicegate.stages.modelscan_report import ModelFile, manifest_of
from sluicegate.stages.output import count
from sluicegate.stages.stage import FieldSpec, OutputFile, Report, StageContext

BY_DEFAULT: tuple[Literal["hashes", "metrics"], ...] = ("hashes", "metrics")
_BILL_NAME = "mlbom.cdx.json"
_MAX_FINDINGS = 200
_MAX_SAID = 3  # things that a summary names


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked: paths for people, parts by name, words, metrics by name."""

    card: str
    template: str | None
    bill: str | None
    parts: Mapping[str, Known]
    least: int
    metrics: Mapping[str, MetricTerms]
    wanted: tuple[Wanted, ...]
    lists_files: bool


@dataclass(frozen=True, slots=True)
class Material:
    """The bytes of the documents, None where there are none; the model's files."""

    card: bytes | None
    template: bytes | None
    bill: bytes | None
    files: tuple[ModelFile, ...]


def fields_of(
    metrics: Mapping[str, str], *, lists_files: bool
) -> tuple[FieldSpec, ...]:
    """The fields for *metrics*, by name with the evidence that each is held against."""
    specs = [
        FieldSpec("card", "boolean", "Whether there is a card that says something."),
        FieldSpec("card_digest", "text", "SHA-256 of the card."),
        FieldSpec("missing", "integer", "Required parts that are not there, or empty."),
        FieldSpec(
            "placeholders", "integer", "What is left to fill in, or left as a template."
        ),
        FieldSpec("mlbom", "text", "SHA-256 of the ML-BOM."),
        FieldSpec("mlbom_gaps", "integer", "What the ML-BOM does not say, but must."),
    ]
    if metrics:
        meaning = "Numbers of the documents that contradict each other."
        specs.append(FieldSpec("contradictions", "integer", meaning))
    for name, evidence in metrics.items():
        unit = "as the metric"
        specs += [
            FieldSpec(f"stated_{name}", "number", f"{name} as documented.", unit),
            FieldSpec(
                f"stated_{name}_low",
                "number",
                f"The least that {evidence} may be to be what is documented.",
                unit,
            ),
            FieldSpec(f"stated_{name}_high", "number", "The most, likewise.", unit),
        ]
    if lists_files:
        specs += [
            FieldSpec("model_files", "integer", "Files of the model."),
            FieldSpec(
                "content", "text", "The SHA-256 of their paths, sizes and digests."
            ),
        ]
    return tuple(specs)


def report_on(terms: Terms, material: Material, context: StageContext) -> Report:
    """Report what *material* says.

    Raises:
        PermanentError: some of it cannot be read, or in more than one way.
    """
    found = _Found({}, [], [], [])
    content = _list_files(terms, material, found)
    if material.card is None:
        return _without_card(terms, found)
    card = read_card(material.card, terms.card)
    found.fields |= {
        "card": not card.is_empty,
        "card_digest": str(Digest.of(material.card)),
    }
    found.files.append(OutputFile("model-card.md", "text/markdown", material.card))
    _check_parts(terms, card, found)
    _check_leftovers(terms, card, material.template, found)
    bill = None
    if terms.bill is not None and material.bill is not None:
        bill = Bill(material.bill, terms.bill)
    numbers = hold_numbers(terms.metrics, card, bill, context.upstream)
    found.fields |= numbers.fields
    found.findings += numbers.findings
    found.said += numbers.said
    made = material.bill
    if terms.bill is None:
        subject = _subject(terms, material.files, content, context)
        made = build_bill(card, Digest.of(material.card), subject)
        bill = Bill(made, _BILL_NAME)
    _check_bill(terms, bill, made, material.files, found)
    findings = tuple(found.findings[:_MAX_FINDINGS])
    return Report(found.summary(), found.fields, findings, tuple(found.files))


@dataclass(slots=True)
class _Found:
    """What is put together; ``said`` is for the summary."""

    fields: dict[str, Value]
    findings: list[Finding]
    files: list[OutputFile]
    said: list[str]

    def add(self, rule: str, message: str, path: str, line: int) -> None:
        self.findings.append(Finding(rule, Severity.ERROR, message, path, line))

    def summary(self) -> str:
        return "; ".join(self.said)


def _list_files(terms: Terms, material: Material, found: _Found) -> str | None:
    """The digest of the model's files, which are fields and said."""
    if not terms.lists_files:
        return None
    blank = [file.path for file in material.files if not file.sha256]
    if blank:
        raise PermanentError(f"{blank[0]} is no plain file that has a digest")
    content = manifest_of(material.files).content.hex
    found.fields |= {"model_files": len(material.files), "content": content}
    return content


def _without_card(terms: Terms, found: _Found) -> Report:
    found.fields |= {"card": False, "missing": len(terms.parts)}
    found.add("card", "there is no model card", terms.card, 0)
    return Report(f"there is no {terms.card}", found.fields, tuple(found.findings))


def _check_parts(terms: Terms, card: Card, found: _Found) -> None:
    missing = [
        name
        for name, part in terms.parts.items()
        if not has_part(card, part, terms.least)
    ]
    found.fields["missing"] = len(missing)
    for name in missing:
        message = f"{name}: not there, or with nothing but what is to be filled in"
        if not terms.parts[name].is_short:
            message = f"{name}: not there, or fewer than {terms.least} words"
        found.add("missing-part", message, terms.card, 0)
    said = f"missing: {_some(missing)}" if missing else "nothing missing"
    found.said.append(f"{count(len(terms.parts), 'required part')}, {said}")


def _check_leftovers(
    terms: Terms, card: Card, template: bytes | None, found: _Found
) -> None:
    lines: frozenset[str] = frozenset()
    if template is not None:
        model = read_card(template, terms.template or "")
        lines = template_lines(
            line.text for section in model.sections for line in section.lines
        )
    leftovers = find_leftovers(card, lines)
    found.fields["placeholders"] = len(leftovers)
    for each in leftovers:
        found.add("placeholder", f"left to fill in: {each.what}", terms.card, each.line)
    if leftovers:
        where = [f"line {each.line}: {each.what}" for each in leftovers]
        found.said.append(f"left to fill in: {_some(where)}")


def _subject(
    terms: Terms,
    files: Sequence[ModelFile],
    content: str | None,
    context: StageContext,
) -> Subject:
    metrics = []
    for name, metric in terms.metrics.items():
        value = measured(context.upstream, metric.evidence)
        if value is None:
            continue
        bounds = [measured(context.upstream, each) for each in metric.interval or ()]
        interval = None
        if len(bounds) == 2 and bounds[0] is not None and bounds[1] is not None:  # noqa: PLR2004 - lower, upper
            interval = write_value(bounds[0]), write_value(bounds[1])
        metrics.append(
            MetricLine(name, write_value(value), metric.sought.slice, interval)
        )
    return Subject(
        context.pipeline,
        context.release,
        context.commit,
        context.commit_time,
        [FileLine(f.path, f.sha256, f.size, f.format) for f in files],
        content,
        metrics,
    )


def _check_bill(
    terms: Terms,
    bill: Bill | None,
    data: bytes | None,
    files: Sequence[ModelFile],
    found: _Found,
) -> None:
    place = terms.bill or _BILL_NAME
    if bill is None or data is None:
        found.fields["mlbom_gaps"] = 1
        found.add("mlbom", "there is no ML-BOM", place, 0)
        found.said.append(f"there is no {place}")
        return
    digests = [(file.path, file.sha256) for file in files]
    gaps = bill.lacks(terms.wanted, digests)
    found.fields |= {"mlbom": str(Digest.of(data)), "mlbom_gaps": len(gaps)}
    found.files.append(OutputFile(_BILL_NAME, MEDIA_TYPE, data))
    for gap in gaps:
        found.add("mlbom", f"the ML-BOM does not say: {gap}", place, 0)
    lacks = f"the ML-BOM lacks {_some(gaps)}"
    found.said.append(lacks if gaps else f"ML-BOM {Digest.of(data).short}")


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MAX_SAID
    return ", ".join((*texts[:_MAX_SAID], *([f"{more} more"] if more > 0 else [])))
