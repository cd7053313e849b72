"""Events of a run of a few stages, for tests of whatever shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    GateRecord,
    PlannedStage,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RUN_ID = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"
EARLIER = "01JDA2Z9M3Q4T5V6W7X8Y9Z0BB"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def started(*stages: PlannedStage, **more: object) -> RunStarted:
    values: dict[str, object] = {
        "pipeline": "p_r_v1.0",
        "definition": Digest.of(b""),
        "commit": "a" * 40,
        "branch": "main",
        "dirty": False,
        "stages": stages,
        "start_ts": NOW,
        **more,
    }
    return RunStarted(**values)  # type: ignore[arg-type]


def planned(name: str, *needs: str, retries: int = 0) -> PlannedStage:
    return PlannedStage(name, "ruff", needs, retries)


def begin(stage: str, attempt: int = 1, seconds: float = 0) -> StageStarted:
    return StageStarted(stage, attempt, at(seconds))


def end(
    stage: str,
    outcome: Outcome = Outcome.OPEN,
    *,
    reason: str = "it is so",
    attempt: int = 1,
    cached: str | None = None,
    seconds: float = 0,
    wall_ms: int = 1234,
    evidence: Evidence = Evidence(),  # noqa: B008 - frozen
) -> StageFinished:
    verdicts: Sequence[Verdict] = [v for v in Verdict if Outcome.of(v) is outcome]
    gate = GateRecord(Digest.of(b""), verdicts[0], ()) if verdicts else None
    return StageFinished(
        stage=stage,
        attempt=attempt,
        outcome=outcome,
        reason=reason,
        gate=gate,
        evidence=evidence,
        tools=(),
        subjects=(),
        usage=ResourceUsage(wall_ms),
        start_ts=at(seconds),
        end_ts=at(seconds),
        cached=cached,
    )
