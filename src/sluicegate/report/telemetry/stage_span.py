"""What the span of an attempt at a stage says: result, gate and usage."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Verdict
from sluicegate.model.event import GateRecord, StageFinished
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.records import Happening, Value
from sluicegate.report.telemetry.results import Result


def task_attributes(
    stage: str, kind: str, task: str, url: str | None, result: Result
) -> dict[str, Value]:
    """What the conventions say of a task.

    They require an address of it, too; it is left out where no page shows it.
    """
    found: dict[str, Value] = {
        names.TASK: stage,
        names.TASK_ID: task,
        names.TASK_RESULT: result.word,
        "sluice.stage.kind": kind,
    }
    if url is not None:
        found[names.TASK_URL] = url
    if type_ := names.task_type(kind):
        found[names.TASK_TYPE] = type_
    if result.error is not None:
        found[names.ERROR] = result.error
    return found


def attributes_of(finished: StageFinished) -> dict[str, Value]:
    """What is our own: the gate, where the result comes from, and what it took."""
    found: dict[str, Value] = {
        "sluice.stage.attempt": finished.attempt,
        "sluice.stage.outcome": finished.outcome.value,
        "sluice.stage.reason": finished.reason,
        "sluice.stage.cached": finished.cached is not None,
    }
    if finished.cached is not None:
        found["sluice.stage.cached_from"] = finished.cached
    if finished.handed_over is not None:
        found["sluice.stage.handed_over"] = str(finished.handed_over.digest)
    if finished.gate is not None:
        found |= _gate(finished.stage, finished.gate)
    if finished.handed_over is None and finished.cached is None:
        found |= usage_attributes(finished.usage)
        if finished.gpu_ms:
            found["sluice.usage.gpu_ms"] = finished.gpu_ms
    return found


def _gate(stage: str, gate: GateRecord) -> dict[str, Value]:
    unmet = tuple(
        each.condition for each in gate.conditions if each.verdict is not Verdict.OPEN
    )
    return {
        "sluice.gate.name": stage,
        "sluice.gate.outcome": gate.verdict.value,
        "sluice.gate.policy": str(gate.policy),
        "sluice.gate.conditions": len(gate.conditions),
        **({"sluice.gate.unmet": unmet} if unmet else {}),
    }


def conditions_of(gate: GateRecord | None, at: datetime) -> Iterator[Happening]:
    """Each condition of the gate, and how it was judged."""
    for each in () if gate is None else gate.conditions:
        yield Happening(
            "sluice.gate.condition",
            at,
            {
                "sluice.gate.condition": each.condition,
                "sluice.gate.outcome": each.verdict.value,
                "sluice.gate.reason": each.reason,
            },
        )


def usage_attributes(usage: ResourceUsage) -> dict[str, Value]:
    """All that was measured, under the names of the log: the unit is in each."""
    return {
        f"sluice.usage.{field.name}": value
        for field in fields(usage)
        if isinstance(value := getattr(usage, field.name), int)
    }
