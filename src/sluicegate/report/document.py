"""A run as the JSON document of ``--json``."""

import json

from sluicegate.model.evidence import Evidence
from sluicegate.model.run import Phase, Run, StageState


def run_document(run: Run, *, origin: str, size: int, root: str) -> str:
    """Write the document.

    Args:
        run: a run; one that has not ended has the verdict ``pending``.
        origin: of the log.
        size: entries committed to the log.
        root: of the log's tree, in base64 as in its checkpoint.
    """
    return json.dumps(
        {
            "run_id": run.run_id,
            "verdict": run.finished.outcome.value if run.finished else "pending",
            "reason": run.finished.reason if run.finished else "interrupted",
            "pipeline": run.started.pipeline,
            "commit": run.started.commit,
            "stages": [_stage(stage) for stage in run.stages],
            "log": {"origin": origin, "size": size, "root": root},
        },
        ensure_ascii=False,
        indent=2,
    )


def _stage(stage: StageState) -> dict[str, object]:
    finished = stage.finished
    return {
        "name": stage.name,
        "verdict": finished.outcome.value if finished else _unfinished(stage),
        "reason": finished.reason if finished else stage.skipped or "not run",
        "cached": False,
        "duration_ms": finished.usage.wall_ms if finished else 0,
        "evidence": _evidence(finished.evidence) if finished else {},
    }


def _unfinished(stage: StageState) -> str:
    """A stage that did not run has no verdict of its own."""
    return "skipped" if stage.phase is Phase.SKIPPED else "pending"


def _evidence(evidence: Evidence) -> dict[str, object]:
    files = {
        file.name: {"digest": str(file.digest), "size": file.size}
        for file in evidence.files
    }
    return {**evidence.fields, **({"files": files} if files else {})}
