"""The gates of a stage, condition by condition, for people and for programs. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.gates.explanation import ExplainedGate, ExplainedRule, Reading
from sluicegate.model.decision import Verdict
from sluicegate.model.evidence import Value
from sluicegate.model.run import Run
from sluicegate.model.task import write_labels
from sluicegate.report.escape import escape

_MARK = {Verdict.OPEN: "✓", Verdict.CLOSED: "✗", Verdict.PENDING: "…", None: "·"}
_NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The gates of stage *stage* in a run, in the order in which they are judged."""

    run: Run
    stage: str
    gates: tuple[ExplainedGate, ...]


def explanation_text(explanation: Explanation) -> str:
    """Lines for a person."""
    return "\n".join(escape(line) for line in _lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    run, started = explanation.run, explanation.run.started
    where = f" ({started.branch})" if started.branch else ""
    parts = [f"{started.pipeline} · commit {started.commit[:12]}{where}"]
    parts += [write_labels(started.labels)] if started.labels else []
    yield " · ".join([*parts, f"run {run.run_id}"])
    for gate in explanation.gates:
        yield ""
        yield _title(explanation.stage, gate)
        yield from _rules(gate.rules)


def _title(stage: str, gate: ExplainedGate) -> str:
    what = f"gate of {stage}"
    if gate.environment is not None:
        what = f"entry to {gate.environment}, for stage {stage}"
    if gate.verdict is None:
        return f"{what}: not judged, {gate.reason}"
    return f"{what}: {gate.verdict.value}"


def _rules(rules: Sequence[ExplainedRule]) -> Iterator[str]:
    names = max((len(each.name) for rule in rules for each in rule.readings), default=0)
    shown = [_write(each) for rule in rules for each in rule.readings]
    values = max((len(text) for text in shown if len(text) <= 24), default=0)  # noqa: PLR2004 - columns
    for rule in rules:
        yield f"  {_MARK[rule.verdict]} {' '.join(rule.text.split())}"
        for each in rule.readings:
            line = f"{each.name:<{names}} = {_write(each):<{values}}  {each.meaning}"
            yield f"      {line.rstrip()}"
        if rule.reason and not rule.reason.endswith(f"was {_NOT_MEASURED}"):
            yield f"      {rule.reason}"


def _write(reading: Reading) -> str:
    if reading.value is None:
        return _NOT_MEASURED
    value, unit = write_value(reading.value), reading.unit
    if " " in unit:  # a word on the value, not one that is said after it
        return f"{value} ({unit})"
    return f"{value} {unit}".rstrip()


def write_value(value: Value) -> str:
    """A value as a condition would write it."""
    return json.dumps(value, ensure_ascii=False)


def explanation_document(explanation: Explanation) -> str:
    """The same as a JSON document."""
    run = explanation.run
    document = {
        "run_id": run.run_id,
        "pipeline": run.started.pipeline,
        "commit": run.started.commit,
        "branch": run.started.branch,
        "stage": explanation.stage,
        "gates": [_gate(gate) for gate in explanation.gates],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _gate(gate: ExplainedGate) -> dict[str, object]:
    return {
        "environment": gate.environment,
        "verdict": gate.verdict.value if gate.verdict else None,
        "reason": gate.reason,
        "conditions": [
            {
                "condition": rule.text,
                "verdict": rule.verdict.value if rule.verdict else None,
                "reason": rule.reason,
                "values": [
                    {
                        "name": each.name,
                        "value": each.value,
                        "unit": each.unit or None,
                        "meaning": each.meaning or None,
                    }
                    for each in rule.readings
                ],
            }
            for rule in gate.rules
        ],
    }
