"""Runs as GitHub shows them, for tests: pending, closed, in a rollout, hostile."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from rollouts import World, measured_world, under_way

from sluicegate.canary.bounds import bounds_of
from sluicegate.canary.plot.trace import Trace, trace
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    GateRecord,
    PlannedStage,
    ReleaseRequested,
    RunFinished,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.release_request import (
    Artifact,
    ArtifactKind,
    Change,
    LiveRelease,
    ReleaseRequest,
)
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.report.github.shown import Asked, Links, Shown, Unrecorded
from sluicegate.report.request import RequestView
from sluicegate.tlog.checkpoint import Checkpoint

NOW = datetime(2026, 11, 22, 14, 3, 21, tzinfo=UTC)
RUN_ID = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"
COMMIT = "3f9c2a7be14d5086a1c7e0b94d2f6a853c1b7e90"
BEFORE = "b71e0c4497f2d36a8e5c10bf4a9d7720e6f3c815"
HEAD = Checkpoint("github.com/acme/churn", 1284, sha256(b"root").digest())
LINKS = Links(
    "https://github.com",
    "acme/churn",
    "https://github.com/acme/churn/actions/runs/7210045531",
    approve="approve.yml",
)
_KINDS = {
    "lint": "ruff",
    "test": "pytest",
    "build": "docker-build",
    "scan": "trivy",
    "publish": "publish",
    "canary": "canary",
}
_SAID: Mapping[str, tuple[str, Mapping[str, Value], int, str]] = {
    "lint": (
        "0 findings, 0 unformatted files",
        {"findings": 0},
        3_100,
        "lint.findings == 0",
    ),
    "test": (
        "214 passed, 93.4% covered; slowest: test_training_converges, 11.9 s",
        {"failed": 0, "coverage": 0.934},
        48_200,
        "test.failed == 0 && test.coverage >= 0.9",
    ),
    "build": (
        "churn:v2.3.0 is 4be01f6c22a9, 143 MB",
        {"size_bytes": 142_603_776},
        71_000,
        "build.size_bytes < 300000000",
    ),
    "scan": (
        "1 vulnerability, 1 misconfiguration",
        {"critical": 0, "high": 0, "secrets": 0},
        18_400,
        "scan.critical == 0 && scan.secrets == 0",
    ),
    "publish": (
        "the registry serves ghcr.io/acme/churn:v2.3.0",
        {},
        6_300,
        "",
    ),
}


def ended(
    name: str,
    outcome: Outcome = Outcome.OPEN,
    reason: str | None = None,
    *,
    conditions: tuple[ConditionResult, ...] | None = None,
    fields: Mapping[str, Value] | None = None,
) -> StageState:
    """A stage that has ended, saying what such a stage says."""
    said, found, wall_ms, condition = _SAID.get(name, ("it is so", {}, 1_000, ""))
    reason = reason or said
    gate = None
    if outcome is not Outcome.BROKEN:
        verdict = Verdict(outcome.value)
        usual = (ConditionResult(condition, verdict, reason),) if condition else ()
        gate = GateRecord(
            Digest.of(b"gate"), verdict, usual if conditions is None else conditions
        )
    finished = StageFinished(
        stage=name,
        attempt=1,
        outcome=outcome,
        reason=reason,
        gate=gate,
        evidence=Evidence(found if fields is None else fields),
        tools=(),
        subjects=(),
        usage=ResourceUsage(wall_ms),
        start_ts=NOW,
        end_ts=NOW,
    )
    return StageState(planned(name), Phase.DONE, 1, 1, finished)


def planned(name: str, *needs: str) -> PlannedStage:
    return PlannedStage(name, _KINDS.get(name, "command"), needs)


def run_of(
    *stages: StageState, outcome: Outcome | None, reason: str = "", **more: object
) -> Run:
    """A run of *stages*; None as its outcome: it was cut off."""
    started = RunStarted(
        pipeline="churn_release_v1.4",
        definition=Digest.of(b"definition"),
        commit=COMMIT,
        branch="main",
        dirty=False,
        stages=tuple(stage.planned for stage in stages),
        start_ts=NOW,
    )
    finished = None
    if outcome is not None:
        finished = RunFinished(outcome, reason, NOW, NOW, 149_000)
    started = replace(started, **more)  # type: ignore[arg-type]
    return Run(RUN_ID, started, stages, finished)


REQUEST = ReleaseRequest(
    log=HEAD.origin,
    repository="https://github.com/acme/churn",
    environment="production",
    run_id=RUN_ID,
    stage="canary",
    pipeline="churn_release_v1.4",
    definition=Digest.of(b"definition"),
    commit=COMMIT,
    release="v2.3.0",
    artifacts=(
        Artifact("ghcr.io/acme/churn", ArtifactKind.MANIFEST, Digest.of(b"manifest")),
    ),
    evidence=(),
    policy=Digest.of(b"policy"),
    policy_branch="refs/heads/main",
    policy_commit=COMMIT,
    live=LiveRelease("v2.2.4", BEFORE, Digest.of(b"before")),
    changes=tuple(
        Change(f"{number:040x}", ("bob@acme.example",), "Weigh late payments more")
        for number in range(7)
    ),
    requester=("github:bob",),
    pusher=("github:bob",),
    created=NOW,
    expires=NOW + timedelta(days=3),
    nonce="0" * 32,
)
VIEW = RequestView(
    id=Digest.of(b"request"),
    request=REQUEST,
    missing=("1 more (ann, dave may; bob may not: wrote 3 of the commits)",),
    unusual=("it changes what checks or judges it: .github/workflows/gate.yml",),
)
FINDINGS = {
    "lint": (),
    "test": (),
    "scan": (
        Finding(
            "CVE-2026-11187",
            Severity.WARNING,
            "urllib3 2.5.0: decompression of untrusted responses takes unbounded"
            " memory (fixed in 2.6.1)",
            "requirements.lock",
            88,
        ),
        Finding("DS026", Severity.NOTE, "no HEALTHCHECK is defined", "Dockerfile", 0),
    ),
}


def pending() -> Shown:
    """A release that waits for somebody to approve it."""
    waits = VIEW.missing[0]
    rules = (
        ConditionResult("approvals as sluicegate.yaml asks", Verdict.PENDING, waits),
        ConditionResult("nobody rejects it", Verdict.OPEN, "nobody did"),
        ConditionResult("no lock", Verdict.OPEN, "not locked"),
    )
    canary = replace(
        ended("canary", Outcome.PENDING, waits, conditions=rules),
        requested=ReleaseRequested(
            "canary",
            "production",
            VIEW.id,
            REQUEST.policy,
            NOW,
            REQUEST.expires,
        ),
    )
    stages = [ended(name) for name in ("lint", "test", "build", "scan", "publish")]
    run = run_of(*stages, canary, outcome=Outcome.PENDING, reason="stopped at canary")
    asked = Asked("canary", VIEW, by=("signature", "dispatch"))
    return Shown(run, LINKS, head=HEAD, asked=(asked,), findings=FINDINGS)


def closed() -> Shown:
    """A pull request whose tests fail."""
    test = ended(
        "test",
        Outcome.CLOSED,
        "test.failed == 0 does not hold: 2 tests failed",
        fields={"failed": 2, "coverage": 91.7},
    )
    build = StageState(
        planned("build", "test"), Phase.SKIPPED, skipped="test is closed"
    )
    run = run_of(
        ended("lint"),
        test,
        build,
        outcome=Outcome.CLOSED,
        reason="stopped at test",
        branch=None,
    )
    found = tuple(
        Finding(
            "test-failed",
            Severity.ERROR,
            f"AssertionError: assert {number} == 4",
            "tests/test_features.py",
            number,
        )
        for number in (21, 57)
    )
    return Shown(
        run,
        LINKS,
        unrecorded=Unrecorded.PULL_REQUEST,
        findings={"lint": (), "test": found},
    )


def unrecorded() -> Shown:
    """All gates are open, and nobody has given the Action a log key."""
    stages = [ended(name) for name in ("lint", "test", "build", "scan")]
    run = run_of(*stages, outcome=Outcome.OPEN, reason="all 4 gates are open")
    return Shown(
        run, LINKS, unrecorded=Unrecorded.NO_KEY, findings={"lint": (), "scan": ()}
    )


def rolled_out(world: World | None = None) -> Shown:
    """A rollout that has ended, with its evidence."""
    world = world or measured_world()
    world.conduct()
    stage = replace(ended("canary"), rollout=tuple(world.log.events))
    run = run_of(stage, outcome=Outcome.OPEN, reason="the gate is open")
    traces: dict[str, Trace] = {}
    found = trace(stage.rollout, bounds_of(world.plan.judge))
    if found is not None:
        traces["canary"] = found
    return Shown(
        run,
        LINKS,
        head=HEAD,
        traces=traces,
        sites={"production": "https://churn.acme.example"},
    )


def rolling_out(percent_at: datetime = NOW) -> Shown:
    """A rollout that goes on in other jobs."""
    stage = replace(
        ended("canary", Outcome.PENDING, "the rollout is under way"),
        rollout=tuple(under_way(at=percent_at)),
    )
    run = run_of(stage, outcome=Outcome.PENDING, reason="stopped at canary")
    return Shown(run, LINKS, head=HEAD)


def written_by(text: str) -> Shown:
    """A run in which everything that can be written from outside is *text*."""
    finding = Finding(text, Severity.ERROR, text, text, 7)
    rule = ConditionResult(text, Verdict.CLOSED, text)
    stage = ended("test", Outcome.CLOSED, text, conditions=(rule,))
    stage = replace(
        stage,
        requested=ReleaseRequested(
            "test", text, VIEW.id, REQUEST.policy, NOW, REQUEST.expires
        ),
    )
    left = StageState(planned("build", "test"), Phase.SKIPPED, skipped=text)
    run = run_of(
        stage, left, outcome=Outcome.CLOSED, reason=text, branch=text, selection=text
    )
    request = replace(
        REQUEST,
        environment=text,
        release=text,
        live=LiveRelease(text, BEFORE, Digest.of(b"before")),
    )
    view = replace(
        VIEW, request=request, missing=(text, text), unusual=(text,), because=text
    )
    return Shown(
        run,
        LINKS,
        folder="services/api",
        head=HEAD,
        asked=(Asked("test", view, by=("signature", "dispatch", "comment")),),
        findings={"test": (finding, replace(finding, path="src/a.py"))},
        sites={text: text},
    )
