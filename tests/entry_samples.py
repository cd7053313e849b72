"""An entry of every type, with every optional key: see `tests/vectors/audit`."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sluicegate.audit.envelope import Actor, Envelope, LogEnvelope, Recording, Source
from sluicegate.audit.record import WITHOUT_TASK, encode, encode_log
from sluicegate.model import event as run
from sluicegate.model import log_event as log
from sluicegate.model import state_item as item
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.hold import HoldScope
from sluicegate.model.policy import Way
from sluicegate.model.publication import PublishedImage
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import (
    CanaryVerdict,
    Direction,
    Release,
    RolloutResult,
)
from sluicegate.model.secret import EndedLogin, GivenSecret
from sluicegate.model.tool import Tool
from sluicegate.model.traffic import RequestCounts

AT = datetime(2026, 11, 22, 6, 0, 0, 417_000, tzinfo=UTC)
LATER = AT + timedelta(milliseconds=192_417)
RUN = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"
ID = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AB"
ACTOR = Actor(
    "workflow", "583231", "https://token.actions.githubusercontent.com", 583231
)
TOOL = Recording("sluicegate", "1.0.0")
MACHINE = "0123456789abcdef" * 2
SIGNATURE = "U1NIU0lH" * 11
STATEMENT = Digest("e" * 64)
KEY = f"SHA256:{'k' * 43}"
ENVELOPE = Envelope(
    event_id=ID,
    run_id=RUN,
    seq=7,
    recorded_ts=LATER,
    source=Source(
        "https://github.com/acme/churn-model.git",
        "sha1:" + "a" * 40,
        "refs/tags/v1.2.0",
    ),
    actor=ACTOR,
    tool=TOOL,
    machine=MACHINE,
    statement=STATEMENT,
    signature=SIGNATURE,
)
LOG_ENVELOPE = LogEnvelope(ID, LATER, ACTOR, TOOL, MACHINE, STATEMENT, SIGNATURE)
OLD_KEY = "log.example/churn+6a8124fd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
NEW_KEY = "log.example/churn+0123abcd+AeiTsdZrC4OBdCyWqN6907lvehn7J8cDZ4SiuN6DPA4F"
ROOT = "jxlM" * 10 + "A/+="
ROTATED = log.KeyRotated(
    OLD_KEY, NEW_KEY, 512, ROOT, "yearly", "A" * 86 + "==", "B" * 86 + "==", LATER
)
CANARY = Release(
    Digest("b" * 64), "v1.2.0", "a" * 40, f"ghcr.io/acme/x@sha256:{'c' * 64}"
)
STABLE = Release(Digest("d" * 64), "v1.1.0", "c" * 40)
COUNTS = RequestCounts(950, 3), RequestCounts(50, 1)
SAMPLES: Mapping[str, run.Event | log.LogEvent] = {
    "log.created": log.LogCreated("log.example/churn", OLD_KEY, 400),
    "retention.changed": log.RetentionChanged(2192, 400),
    "lease.taken": log.LeaseTaken("production", RUN, LATER),
    "lease.released": log.LeaseReleased("production", RUN, 511),
    "key.rotated": ROTATED,
    "hold.placed": log.HoldPlaced(HoldScope.parse("entries:3-900"), "case 12"),
    "hold.released": log.HoldReleased(ID, "case 12 is closed"),
    "state.snapshot": log.StateSnapshot(
        size=512,
        part=0,
        parts=1,
        covers=("definitions", "holds", "leases", "log", "rotations", "runs"),
        log=log.SnapshotLog("log.example/churn", OLD_KEY, 400, 2192, 256),
        rotations=(ROTATED,),
        holds=(item.Hold(ID, HoldScope(), "case 13", "user:1000", AT, 44),),
        leases=(item.Lease("production", RUN, LATER, 511),),
        stable=(item.StableRelease("production", STABLE, RUN, AT, 400),),
        rollouts=(item.OpenRollout("production", RUN, "canary", CANARY, STABLE, 500),),
        definitions=(item.Definition("churn_v1.0", "main", Digest("1" * 64), 1),),
        runs=(item.OpenRun(RUN, 8, 490, 511),),
        statements=(item.Absorbed(STATEMENT, 300),),
    ),
    "request.answered": log.RequestAnswered(
        Digest("5" * 64), "production", Answer.REJECT, "not before the audit"
    ),
    "answer.attested": log.AnswerAttested(
        Digest("5" * 64),
        "production",
        Answer.APPROVE,
        "looked at the numbers",
        Way.DISPATCH,
        "run/17301234567",
        Digest("7" * 64),
    ),
    "environment.locked": log.EnvironmentLocked("production", "migration"),
    "environment.unlocked": log.EnvironmentUnlocked(ID, "production", "done"),
    "rollout.answered": log.RolloutAnswered(
        ID, "production", Direction.PROMOTE, "the night's batch was fine"
    ),
    "override.closed": log.OverrideClosed(ID, "looked into: it was the outage"),
    "log.pruned": log.LogPruned(
        256, 256, AT, LATER, Digest("2" * 64), 2192, (item.CutRun(RUN, 3),)
    ),
    "run.started": run.RunStarted(
        "churn_release_v1.0",
        Digest("1" * 64),
        "a" * 40,
        "main",
        True,  # noqa: FBT003 - the field is ``dirty``
        (
            run.PlannedStage("lint", "ruff", ()),
            run.PlannedStage("test", "pytest", ("lint",), 2),
        ),
        AT,
        "--only test",
        {"python": "3.12"},
    ),
    "run.resumed": run.RunResumed(),
    "run.interrupted": run.RunInterrupted("test"),
    "run.finished": run.RunFinished(
        Outcome.CLOSED, "stopped at scan", AT, LATER, 192_399
    ),
    "stage.started": run.StageStarted("scan", 1, AT),
    "stage.finished": run.StageFinished(
        "scan",
        1,
        Outcome.CLOSED,
        "1 critical vulnerability: \u2028 \u202e \x1b é",
        run.GateRecord(
            Digest("1" * 64),
            Verdict.CLOSED,
            (run.ConditionResult("scan.critical == 0", Verdict.CLOSED, "it is 1"),),
        ),
        Evidence(
            {"critical": 1, "db_age_days": 0.25, "offline": True, "db": "v2"},
            (EvidenceFile("trivy.json", "application/json", 48_211, Digest("d" * 64)),),
        ),
        (Tool("trivy", ("/usr/bin/trivy",), "0.59.1", Digest("3" * 64), "on PATH"),),
        (("ghcr.io/acme/churn-model", Digest("b" * 64)),),
        ResourceUsage(192_417, 301_220, 1_873_741_824),
        AT,
        LATER,
        {"files": f"sha256:{'4' * 64}"},
        f"{RUN}/scan/1",
    ),
    "gpu.reserved": run.GpuReserved(
        "train",
        2,
        1_800_000,
        run.ConditionResult("GPU-minutes per week <= 600", Verdict.PENDING, "wait"),
    ),
    "secrets.given": SecretsGiven(
        "build",
        (
            GivenSecret(
                "REGISTRY_TOKEN",
                "production",
                "openbao",
                "ml/production/registry",
                "token",
                "3",
            ),
        ),
        AT,
    ),
    "secrets.revoked": SecretsRevoked(
        "build",
        (EndedLogin("production", "it did not answer: the login lasts until 06:15"),),
        LATER,
    ),
    "stage.skipped": run.StageSkipped("deploy", "it is no release", "git.tag != ''"),
    "publish.requested": run.PublishRequested(
        "publish",
        Digest("b" * 64),
        ("ghcr.io/acme/churn-model:v1.2.0",),
        (f"{RUN}/scan/1",),
    ),
    "publish.confirmed": run.PublishConfirmed(
        "publish",
        Digest("b" * 64),
        (
            PublishedImage(
                "ghcr.io/acme/churn-model:v1.2.0",
                Digest("c" * 64),
                "application/vnd.oci.image.manifest.v1+json",
                1371,
            ),
        ),
    ),
    "release.requested": run.ReleaseRequested(
        "canary", "production", Digest("5" * 64), Digest("6" * 64), AT, LATER
    ),
    "environment.entered": run.EnvironmentEntered(
        "canary",
        "production",
        Digest("6" * 64),
        "refs/heads/main",
        "a" * 40,
        (run.ConditionResult("approvals", Verdict.OPEN, "2 of 2"),),
        (run.CountedApproval(STATEMENT, "ann", KEY),),
        True,  # noqa: FBT003 - the field is ``override``
        511,
        Digest("5" * 64),
    ),
    "rollout.started": run.RolloutStarted("canary", "production", CANARY, STABLE, AT),
    "canary.ready": run.CanaryReady("canary"),
    "weight.requested": run.WeightRequested("canary", 5),
    "weight.applied": run.WeightApplied("canary", 5, AT),
    "weight.confirmed": run.WeightConfirmed("canary", 5, *COUNTS, AT),
    "canary.block": run.BlockObserved(
        "canary", 3, 5, *COUNTS, *COUNTS, -12_345, 678_901, AT, LATER
    ),
    "rollout.directed": run.RolloutDirected(
        "canary",
        Direction.PAUSE,
        "a look at the logs first",
        (run.CountedApproval(STATEMENT, "ann", KEY),),
        LATER,
        511,
    ),
    "rollout.drifted": run.RolloutDrifted(
        "canary", "v1.2.0 has 0 %, not 25 % (kubectl-edit wrote it)", AT
    ),
    "drift.ended": run.DriftEnded("canary", LATER),
    "others.overridden": run.OthersOverridden(
        "canary",
        0,
        "took over of HTTPRoute shop/shop: .spec.rules from kubectl-edit",
        AT,
    ),
    "canary.judged": run.CanaryJudged(
        "canary", CanaryVerdict.ABORT, "evidence", "at least 1.9 times as many errors"
    ),
    "rollout.finished": run.RolloutFinished(
        "canary", RolloutResult.ROLLED_BACK, "aborted", LATER
    ),
}
"""An event of every type, by the type's name."""


def encode_sample(kind: str) -> bytes:
    """The entry of that type."""
    event = SAMPLES[kind]
    if isinstance(event, log.LogEvent):
        return encode_log(LOG_ENVELOPE, event)
    if isinstance(event, WITHOUT_TASK):
        return encode(ENVELOPE, event)
    return encode(ENVELOPE, event, f"{RUN}/{event.stage}/1")


VECTORS = Path(__file__).parent / "vectors" / "audit" / "v1"
HASHES = VECTORS / "leaf-hashes.json"


def add_vectors() -> None:
    """Write the entries that are not there yet; those that are stay as they are."""
    hashes = json.loads(HASHES.read_bytes()) if HASHES.exists() else {}
    for kind in SAMPLES.keys() - hashes.keys():
        entry = encode_sample(kind)
        (VECTORS / f"{kind}.json").write_bytes(entry)
        hashes[kind] = hashlib.sha256(b"\0" + entry).hexdigest()
    HASHES.write_text(json.dumps(hashes, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    add_vectors()
