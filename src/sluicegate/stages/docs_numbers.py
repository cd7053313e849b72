"""The numbers of a model's documents beside the evidence of the same run. Pure.

The gate compares; what is said here of the evidence is for people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.model_docs.agreement import Agreed, agree
from sluicegate.stages.model_docs.bill import write_value
from sluicegate.stages.model_docs.bill_reading import Bill
from sluicegate.stages.model_docs.card import Card
from sluicegate.stages.model_docs.statement import (
    Said,
    Sought,
    Statements,
    find_statements,
)
from sluicegate.stages.output import count

_MAX_SAID = 3  # complaints about a metric that a summary repeats

Upstream = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class MetricTerms:
    """A metric of the documents, and the evidence that it is held against."""

    sought: Sought
    digits: int
    evidence: str
    interval: tuple[str, str] | None


@dataclass(slots=True)
class Numbers:
    """What is found of the numbers; ``said`` is for the summary."""

    fields: dict[str, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def hold_numbers(
    metrics: Mapping[str, MetricTerms],
    card: Card,
    bill: Bill | None,
    upstream: Upstream,
) -> Numbers:
    """The numbers that *card*, and a *bill* of the user's own, have for *metrics*.

    Raises:
        PermanentError: one is none that evidence could be held against.
    """
    numbers = Numbers()
    against = 0
    for name, metric in metrics.items():
        said = _statements(metric.sought, card, bill)
        agreed = agree(said, metric.digits)
        if agreed is None:
            complaints = [_nothing_sure(name, said, card)]
        else:
            against += len(agreed.against)
            numbers.fields |= {
                f"stated_{name}": float(agreed.value),
                f"stated_{name}_low": float(agreed.low),
                f"stated_{name}_high": float(agreed.high),
            }
            found = measured(upstream, metric.evidence)
            complaints = list(_complaints(name, metric, agreed, found))
        numbers.findings += complaints
        if agreed is not None and not complaints:
            numbers.said.append(f"{name} {agreed.best.figure.text}")
        numbers.said += [each.message for each in complaints[:_MAX_SAID]]
    if metrics:
        numbers.fields["contradictions"] = against
    return numbers


def measured(upstream: Upstream, name: str) -> Value | None:
    """The evidence called *name*, as gates have it: ``<stage>.<field>``."""
    stage, _, key = name.partition(".")
    return upstream.get(stage, {}).get(key)


def _statements(sought: Sought, card: Card, bill: Bill | None) -> Statements:
    ours = find_statements(card, sought)
    if bill is None:
        return ours
    theirs = bill.statements(sought)
    return Statements((*ours.sure, *theirs), ours.several, ours.passing)


def _nothing_sure(name: str, said: Statements, card: Card) -> Finding:
    rule, line = "number-missing", 0
    message = f"{name} is not given as a number"
    if said.several:
        line = said.several[0][0].line
        message = f"{name} has several numbers in {card.source}:{line}: say `where`"
    return Finding(rule, Severity.ERROR, message, card.source, line)


def _complaints(
    name: str, metric: MetricTerms, agreed: Agreed, found: Value | None
) -> Iterator[Finding]:
    best = agreed.best
    for each in agreed.against:
        yield _complaint(
            "number-contradicts", f"{name} is {_shown(each)}, and {_shown(best)}", each
        )
    if not isinstance(found, int | float) or isinstance(found, bool):
        return
    low, high = round(float(agreed.low), 6), round(float(agreed.high), 6)
    if not low <= found <= high:
        message = (
            f"{name} is {_shown(best)}, and {metric.evidence} is {write_value(found)}"
        )
        if agreed.is_coarse:
            message += f": give at least {count(metric.digits, 'digit')}"
        yield _complaint("number-differs", message, best)


def _complaint(rule: str, message: str, said: Said) -> Finding:
    return Finding(rule, Severity.ERROR, message, said.source, said.line)


def _shown(said: Said) -> str:
    return f"{said.figure.text} at {said.place}"
