"""A run as the JSON document of ``--json``."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from sluicegate.model.digest import Digest
from sluicegate.model.event import RolloutEvent
from sluicegate.model.evidence import Evidence
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.model.task import task_id
from sluicegate.report.rollout import follow, progress_document
from sluicegate.report.usage import usage_document

_NOTHING: Mapping[str, Digest] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where a log stands: its origin, its entries, its root in base64."""

    origin: str
    size: int
    root: str


def run_document(
    run: Run,
    log: LogHead | None,
    *,
    state: str = "ended",
    given: Mapping[str, Digest] = _NOTHING,
    telemetry: Mapping[str, object] | None = None,
) -> str:
    """Write the document.

    Args:
        run: a run; one that has not ended has the verdict ``pending``.
        log: the log that it is in, None if it is in none.
        state: ``ended``, or for a run that has not: ``running`` or ``interrupted``.
        given: the hand-overs that it has written, their digests by their folders.
        telemetry: what became of the run's telemetry, None where there was none.
    """
    started, finished = run.started, run.finished
    return json.dumps(
        {
            "run_id": run.run_id,
            "state": state,
            "verdict": finished.outcome.value if finished else "pending",
            "reason": finished.reason if finished else state,
            "pipeline": started.pipeline,
            "commit": started.commit,
            "branch": started.branch,
            "dirty": started.dirty,
            "selection": started.selection,
            "labels": dict(started.labels),
            "rollback": started.rollback,
            "rollback_reason": started.reason,
            "started": started.start_ts.isoformat(),
            "ended": finished.end_ts.isoformat() if finished else None,
            "stages": [_stage(run, stage) for stage in run.stages],
            "recorded": log is not None,
            "log": None if log is None else asdict(log),
            **_given(given),
            **({} if telemetry is None else {"telemetry": telemetry}),
        },
        ensure_ascii=False,
        indent=2,
    )


def _given(given: Mapping[str, Digest]) -> dict[str, object]:
    """The hand-over that was written, if one was."""
    for folder, digest in given.items():
        return {"hand_over": {"folder": folder, "digest": str(digest)}}
    return {}


def _stage(run: Run, stage: StageState) -> dict[str, object]:
    finished = stage.finished
    document: dict[str, object] = {
        "name": stage.name,
        "uses": stage.planned.uses,
        "verdict": finished.outcome.value if finished else _unfinished(stage),
        "reason": finished.reason if finished else _why_unfinished(stage),
        "cached": finished is not None and finished.cached is not None,
        "cached_from": finished.cached if finished else None,
        "attempt": stage.attempt,
        "task_id": _task_id(run, stage),
        "duration_ms": finished.usage.wall_ms if finished else 0,
        "started": finished.start_ts.isoformat() if finished else None,
        "ended": finished.end_ts.isoformat() if finished else None,
        "usage": usage_document(finished.usage) if finished else {},
        "evidence": _evidence(finished.evidence) if finished else {},
    }
    if finished is not None and finished.gpu_ms:
        document["gpu_ms"] = finished.gpu_ms
    if finished is not None and finished.handed_over is not None:
        handed = finished.handed_over
        document["handed_over"] = {"digest": str(handed.digest), "job": handed.job}
    document |= _entry_gate(stage)
    rollout = _rollout(stage.rollout)
    return document if rollout is None else {**document, "rollout": rollout}


def _entry_gate(stage: StageState) -> dict[str, object]:
    """What was asked at the entry gate of an environment, and who let it in."""
    document: dict[str, object] = {}
    if stage.requested is not None:
        document["request"] = str(stage.requested.request)
    if stage.entered is not None:
        document["entered"] = {
            "override": stage.entered.override,
            "people": [each.person for each in stage.entered.approvals],
        }
    return document


def _unfinished(stage: StageState) -> str:
    """A stage that did not run has no verdict of its own."""
    return "skipped" if stage.phase is Phase.SKIPPED else "pending"


def _why_unfinished(stage: StageState) -> str:
    if stage.skipped is not None:
        return stage.skipped
    return "not finished" if stage.phase is Phase.RUNNING else "not run"


def _task_id(run: Run, stage: StageState) -> str | None:
    """The id of the last attempt, as the log has it."""
    if not stage.attempt:
        return None
    return task_id(run.run_id, run.started.labels, stage.name, stage.attempt)


def _rollout(events: tuple[RolloutEvent, ...]) -> dict[str, object] | None:
    progress = follow(events)
    return None if progress is None else progress_document(progress)


def _evidence(evidence: Evidence) -> dict[str, object]:
    files = {
        file.name: {"digest": str(file.digest), "size": file.size}
        for file in evidence.files
    }
    return {**evidence.fields, **({"files": files} if files else {})}
