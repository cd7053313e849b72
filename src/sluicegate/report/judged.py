"""What the judge alone concludes, for a person and for a program. Pure."""

import json
from math import isfinite

from sluicegate.canary.psi import measure_stability
from sluicegate.canary.standalone import Judge, MetricEvidence
from sluicegate.canary.writing import format_count
from sluicegate.model.metric import MetricKind, Tally
from sluicegate.report.escape import escape

_MILLION = 1_000_000
_LISTS = {MetricKind.LATENCY, MetricKind.CATEGORIES}


def judged_document(judge: Judge) -> str:
    """The JSON document: evidence is in nats, null for minus infinity."""
    return json.dumps(
        {
            "verdict": judge.verdict.value,
            "decided_at": judge.decided_at,
            "reason": judge.assessment.reason,
            "metrics": {
                name: _metric_document(each) for name, each in judge.metrics.items()
            },
        },
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )


def _metric_document(found: MetricEvidence) -> dict[str, object]:
    document: dict[str, object] = {
        "kind": found.metric.kind.value,
        "log_e_abort": _finite(found.log_e_abort),
        "log_e_promote": _finite(found.log_e_promote),
        "log_e_abort_needed": found.abort_needed,
        "log_e_promote_needed": found.promote_needed,
        "n_canary": found.total.canary.n,
        "n_stable": found.total.stable.n,
        "x_canary": _x(found, found.total.canary),
        "x_stable": _x(found, found.total.stable),
    }
    if found.metric.kind is MetricKind.CATEGORIES:
        index = measure_stability(found.total)
        document["psi"] = None if index is None else index.value
        document["psi_by_chance"] = None if index is None else index.bias
    return document


def _finite(nats: float) -> float | None:
    return nats if isfinite(nats) else None


def _x(found: MetricEvidence, tally: Tally) -> int | float | list[int]:
    if found.metric.kind in _LISTS:
        return list(tally.x)
    if found.metric.kind is MetricKind.GAUGE:
        return tally.x[0] / _MILLION
    return tally.x[0]


def judged_text(judge: Judge) -> str:
    """A few lines for a person: the verdict, why, and a table of the metrics."""
    at = judge.decided_at
    when = "" if at is None else f" at t = {at}"
    head = ("", "canary", "stable", "worse", "acceptable")
    rows = [head, *(_row(name, each) for name, each in judge.metrics.items())]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    table = (
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )
    return "\n".join(
        (
            f"{judge.verdict.value}{when}: {escape(judge.assessment.reason)}",
            "",
            *table,
            "",
            "Evidence is the logarithm of an e-value, of what it takes.",
        )
    )


def _row(name: str, found: MetricEvidence) -> tuple[str, ...]:
    return (
        escape(name),
        _numbers(found, found.total.canary),
        _numbers(found, found.total.stable),
        _evidence(found.log_e_abort, found.abort_needed),
        _evidence(found.log_e_promote, found.promote_needed),
    )


def _numbers(found: MetricEvidence, tally: Tally) -> str:
    if not tally.n:
        return "nothing"
    of = f"of {format_count(tally.n)}"
    if found.metric.kind in _LISTS:
        return f"{' '.join(format_count(each) for each in tally.x)} {of}"
    if found.metric.kind is MetricKind.GAUGE:
        return f"{tally.x[0] / _MILLION / tally.n:.6g} in {format_count(tally.n)}"
    return f"{format_count(tally.x[0])} {of}"


def _evidence(nats: float, needed: float | None) -> str:
    written = f"{nats:.1f}" if isfinite(nats) else "-∞"
    return written if needed is None else f"{written} of {needed:.1f}"
