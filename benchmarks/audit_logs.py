"""Builds large logs of realistic runs for benchmarks, in seconds.

    python benchmarks/audit_logs.py FOLDER [--size 1000000]

Each entry is one that `sluicegate.audit.record` wrote, with other ids, times, digests
and people put into it: two runs are encoded as models and copied as bytes. The files
are those that an append writes, without its fsyncs; nobody loses this log. It is signed
with a key of its own, which entry 0 names.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sluicegate.audit.envelope import (
    Actor,
    Envelope,
    LogEnvelope,
    Recording,
    Source,
)
from sluicegate.audit.record import encode, encode_log
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    ConditionResult,
    Event,
    GateRecord,
    PlannedStage,
    PublishConfirmed,
    PublishRequested,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.log_event import LogCreated
from sluicegate.model.publication import PublishedImage
from sluicegate.model.rollout import CanaryVerdict, Release, RolloutResult
from sluicegate.model.tool import Tool
from sluicegate.model.traffic import RequestCounts
from sluicegate.tlog.checkpoint import Checkpoint, format_checkpoint
from sluicegate.tlog.growth import plan_growth
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.note import (
    ED25519,
    Note,
    Signature,
    VerifierKey,
    format_note,
    format_vkey,
)

ORIGIN = "log.example/acme/churn-model"
MILLION = 1_000_000
PEOPLE = 40
FAILS = 7
"""Every so manieth run ends at its tests."""

_BATCH = 1 << 16
_START = datetime(2026, 1, 1, tzinfo=UTC)
_RUN = "7" + "Z" * 25
_EVENT = "7" + "Y" * 25
_COMMIT = "ab" * 20
_IMAGE = Digest.parse("sha256:" + "cd" * 32)
_REPORT = Digest.parse("sha256:" + "ef" * 32)
_PERSON = "user-of-the-template"
_PATCHES = {
    _RUN.encode(): b"%(run)b",
    _EVENT.encode(): b"%(event)b",
    _COMMIT.encode(): b"%(commit)b",
    _IMAGE.hex.encode(): b"%(image)b",
    _REPORT.hex.encode(): b"%(report)b",
    _PERSON.encode(): b"%(person)b",
    b"2026-01-01T00:00:": b"%(minute)b:",
}

_STAGES = ("lint", "test", "build", "scan", "publish", "canary")
_KINDS = ("ruff", "pytest", "docker-build", "trivy", "publish", "canary")
_TOOLS = ("ruff", "pytest", "docker", "trivy", "docker", "docker")
_FIELDS = ("lint.errors", "test.failed", "build.seconds", "scan.critical", "", "")
_BLOCKS = 12
_COUNTS = RequestCounts(9500, 3)
_FEW = RequestCounts(500, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=MILLION)
    arguments = parser.parse_args()
    if arguments.folder.exists():
        sys.exit(f"error: {arguments.folder} is there already")
    head = build_log(arguments.folder, arguments.size)
    print(f"{head.size} entries, root {head.root_text}")
    print(make_vkey())


def build_log(folder: Path, size: int) -> Checkpoint:
    """Write a log of *size* entries into *folder*; the last run may be unfinished."""
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    entries = islice(make_entries(), size)

    def get(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.exists() else None

    while batch := list(islice(entries, _BATCH)):
        growth = plan_growth(get, head, batch)
        for name, data in growth.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        head = growth.checkpoint
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint").write_bytes(_sign(head))
    return head


def make_vkey() -> str:
    """The key that signs these logs."""
    return format_vkey(_verifier())


def make_entries() -> Iterator[bytes]:
    """Entry 0, and then those of one run after the other, without end."""
    head = LogEnvelope("0" * 26, _START, Actor("user", "1000"), _RECORDING)
    yield encode_log(head, LogCreated(ORIGIN, make_vkey(), 400))
    released, failed = _make_template(_release()), _make_template(_failure())
    index = 1
    for number in range(1 << 40):
        facts = _vary(number)
        for line in failed if number % FAILS == FAILS - 1 else released:
            facts[b"event"] = make_event_id(index).encode()
            yield line % facts
            index += 1


def make_event_id(index: int) -> str:
    """The event id of an entry: a ULID of digits that are as random as others'."""
    return "01KAM" + sha256(b"event %d" % index).hexdigest()[:21].upper()


def make_run_id(number: int) -> str:
    """The id of a run, counted from 0."""
    return f"01KAN{number:021d}"


def make_commit(number: int) -> str:
    """The commit of a run."""
    return sha256(b"commit %d" % number).hexdigest()[:40]


def make_image(number: int) -> str:
    """The image that a run built, in hex."""
    return sha256(b"image %d" % number).hexdigest()


def _vary(number: int) -> dict[bytes, bytes]:
    minute = _START + timedelta(minutes=10 * number)
    return {
        b"run": make_run_id(number).encode(),
        b"commit": make_commit(number).encode(),
        b"image": make_image(number).encode(),
        b"report": sha256(b"report %d" % number).hexdigest().encode(),
        b"person": b"user:%d" % (1000 + number % PEOPLE),
        b"minute": minute.strftime("%Y-%m-%dT%H:%M").encode(),
    }


def _make_template(events: Sequence[Event]) -> list[bytes]:
    lines = []
    for seq, event in enumerate(events):
        envelope = Envelope(
            event_id=_EVENT,
            run_id=_RUN,
            seq=seq,
            recorded_ts=_at(seq),
            source=Source("acme/churn-model", f"sha1:{_COMMIT}", "refs/heads/main"),
            actor=Actor("user", _PERSON),
            tool=_RECORDING,
        )
        line = encode(envelope, event).replace(b"%", b"%%")
        for before, after in _PATCHES.items():
            line = line.replace(before, after)
        lines.append(line)
    return lines


def _at(second: int) -> datetime:
    return _START + timedelta(seconds=second)


_RECORDING = Recording("sluicegate", "0.1.0")


def _begin(*, failing: bool) -> list[Event]:
    planned = tuple(
        PlannedStage(name, kind, _STAGES[place - 1 : place] if place else ())
        for place, (name, kind) in enumerate(zip(_STAGES, _KINDS, strict=True))
    )
    events: list[Event] = [
        RunStarted(
            pipeline="churn-model_release_v1.0",
            definition=Digest.of(b"the pipeline"),
            commit=_COMMIT,
            branch="main",
            dirty=False,
            stages=planned,
            start_ts=_at(0),
        )
    ]
    for place in range(2 if failing else 4):
        events += _attempt(place, opens=not (failing and place == 1))
    return events


def _attempt(place: int, *, opens: bool = True) -> list[Event]:
    name, field = _STAGES[place], _FIELDS[place]
    verdict = Verdict.OPEN if opens else Verdict.CLOSED
    condition = ConditionResult(
        f"{field} == 0", verdict, f"{field} is {0 if opens else 3}"
    )
    files = (
        EvidenceFile(f"{name}.sarif", "application/sarif+json", 48211, _REPORT),
        EvidenceFile(f"{name}.log", "text/plain", 1830, _REPORT),
    )
    tool = _TOOLS[place]
    return [
        StageStarted(name, 1, _at(5 * place)),
        StageFinished(
            stage=name,
            attempt=1,
            outcome=Outcome.OPEN if opens else Outcome.CLOSED,
            reason=condition.reason,
            gate=GateRecord(Digest.of(b"policy"), verdict, (condition,)),
            evidence=Evidence({field: 0 if opens else 3, "minutes": 0.0375}, files),
            tools=(
                Tool(
                    tool, (f"/usr/bin/{tool}",), "1.2.3", Digest.of(b"tool"), "on PATH"
                ),
            ),
            subjects=(("image", _IMAGE),),
            usage=ResourceUsage(2250, 1830, 187_384_183),
            start_ts=_at(5 * place),
            end_ts=_at(5 * place + 4),
            inputs={
                "definition": Digest.of(b"definition").hex,
                "files": _REPORT.hex,
                "tools": Digest.of(b"tool").hex,
            },
        ),
    ]


def _release() -> list[Event]:
    reference = "ghcr.io/acme/churn-model:v1.2.0"
    canary = Release(_IMAGE, "v1.2.0", _COMMIT, f"{reference}@sha256:{_IMAGE.hex}")
    events = _begin(failing=False)
    events += [
        PublishRequested("publish", _IMAGE, (reference,), (f"{_RUN}/scan/1",)),
        PublishConfirmed(
            "publish",
            _IMAGE,
            (
                PublishedImage(
                    reference,
                    _IMAGE,
                    "application/vnd.oci.image.manifest.v1+json",
                    1830,
                ),
            ),
        ),
        RolloutStarted("canary", "production", canary, None, _at(30)),
        CanaryReady("canary"),
        WeightRequested("canary", 5),
        WeightConfirmed("canary", 5, _COUNTS, _FEW, _at(31)),
    ]
    events += [
        BlockObserved(
            stage="canary",
            index=block,
            percent=5,
            stable=_COUNTS,
            canary=_FEW,
            stable_total=_COUNTS,
            canary_total=_FEW,
            abort_micronats=-183_000,
            promote_micronats=251_000 * block,
            start_ts=_at(32 + block),
            end_ts=_at(33 + block),
        )
        for block in range(_BLOCKS)
    ]
    events += [
        CanaryJudged("canary", CanaryVerdict.PROMOTE, "evidence", "no worse"),
        RolloutFinished("canary", RolloutResult.PROMOTED, "no worse", _at(50)),
        RunFinished(Outcome.OPEN, "every gate is open", _at(0), _at(51), 51_000),
    ]
    return events


def _failure() -> list[Event]:
    return [
        *_begin(failing=True),
        *(StageSkipped(name, "test did not open") for name in _STAGES[2:]),
        RunFinished(Outcome.CLOSED, "test.failed is 3", _at(0), _at(12), 12_000),
    ]


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(
        sha256(b"a key for benchmarks").digest()
    )


def _verifier() -> VerifierKey:
    return VerifierKey(ORIGIN, ED25519, _key().public_key().public_bytes_raw())


def _sign(head: Checkpoint) -> bytes:
    text = format_checkpoint(head)
    key = _verifier()
    return format_note(
        Note(text, (Signature(key.name, key.key_id, _key().sign(text.encode())),))
    )


if __name__ == "__main__":
    main()
