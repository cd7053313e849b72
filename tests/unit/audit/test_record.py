"""Unit tests of `sluicegate.audit.record`, its shapes and codecs."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
import rfc8785
from fakes_audit import log_envelope
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.audit import shapes
from sluicegate.audit.codec import TEXT, Field, Shape
from sluicegate.audit.envelope import Actor, Envelope, Recording, Source
from sluicegate.audit.jcs import MAX_INTEGER
from sluicegate.audit.record import (
    Unknown,
    decode,
    decode_created,
    decode_entry,
    encode,
    encode_log,
)
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model import event as model
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.evidence import Evidence, EvidenceFile, round_value
from sluicegate.model.log_event import LogCreated
from sluicegate.model.metric import Tally
from sluicegate.model.publication import PublishedImage
from sluicegate.model.resources import Resources
from sluicegate.model.rollout import (
    CanaryVerdict,
    Direction,
    Release,
    RolloutResult,
)
from sluicegate.model.secret import EndedLogin, GivenSecret
from sluicegate.model.tool import Tool
from sluicegate.model.traffic import RequestCounts

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=8)
WHOLES = st.integers(0, MAX_INTEGER)
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
DIGESTS = st.binary(max_size=4).map(Digest.of)
TIMES = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
TALLIES = st.builds(Tally, WHOLES, st.lists(INTEGERS, max_size=3).map(tuple))
COUNTS = st.tuples(WHOLES, WHOLES).map(lambda pair: RequestCounts(max(pair), min(pair)))
VALUES = st.one_of(
    st.booleans(),
    INTEGERS,
    TEXTS,
    st.floats(-9e9, 9e9).map(round_value),
)
USAGES = st.builds(ResourceUsage, WHOLES, *[st.none() | WHOLES] * 6)
FILES = st.builds(EvidenceFile, TEXTS, TEXTS, WHOLES, DIGESTS)
EVIDENCE = st.builds(
    Evidence,
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.lists(FILES, max_size=2).map(tuple),
)
STRINGS = st.lists(TEXTS, max_size=3).map(tuple)
TOOLS = st.builds(Tool, TEXTS, STRINGS, TEXTS, st.none() | DIGESTS, TEXTS)
VERDICTS = st.sampled_from(Verdict)
OUTCOMES = st.sampled_from(Outcome)
CONDITIONS = st.builds(model.ConditionResult, TEXTS, VERDICTS, TEXTS)
GATES = st.builds(
    model.GateRecord, DIGESTS, VERDICTS, st.lists(CONDITIONS, max_size=2).map(tuple)
)
RELEASES = st.builds(Release, DIGESTS, TEXTS, TEXTS, st.none() | TEXTS)
PLANNED = st.builds(model.PlannedStage, TEXTS, TEXTS, STRINGS, st.integers(0, 10))
TEXT_MAPS = st.dictionaries(NAMES, TEXTS, max_size=3)
SUBJECTS = st.lists(st.tuples(TEXTS, DIGESTS), max_size=2).map(tuple)

EVENTS: dict[type, st.SearchStrategy[model.Event]] = {
    model.RunStarted: st.builds(
        model.RunStarted,
        TEXTS,
        DIGESTS,
        TEXTS,
        st.none() | TEXTS,
        st.booleans(),
        st.lists(PLANNED, max_size=3).map(tuple),
        TIMES,
        st.none() | TEXTS,
        TEXT_MAPS,
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.none() | CONDITIONS,
        st.lists(DIGESTS, max_size=2).map(tuple),
    ),
    model.RunResumed: st.builds(model.RunResumed),
    model.RunInterrupted: st.builds(model.RunInterrupted, st.none() | TEXTS),
    model.RunFinished: st.builds(
        model.RunFinished, OUTCOMES, TEXTS, TIMES, TIMES, WHOLES
    ),
    model.StageStarted: st.builds(model.StageStarted, TEXTS, WHOLES, TIMES),
    model.StageFinished: st.builds(
        model.StageFinished,
        TEXTS,
        WHOLES,
        OUTCOMES,
        TEXTS,
        st.none() | GATES,
        EVIDENCE,
        st.lists(TOOLS, max_size=2).map(tuple),
        SUBJECTS,
        USAGES,
        TIMES,
        TIMES,
        TEXT_MAPS,
        st.none() | TEXTS,
        st.none()
        | st.builds(Resources, WHOLES, st.none() | WHOLES, st.none() | WHOLES),
        st.none() | st.builds(model.HandedOver, DIGESTS, st.none() | TEXTS),
    ),
    model.GpuReserved: st.builds(
        model.GpuReserved, TEXTS, WHOLES, WHOLES, st.none() | CONDITIONS
    ),
    SecretsGiven: st.builds(
        SecretsGiven,
        TEXTS,
        st.lists(
            st.builds(GivenSecret, *[TEXTS] * 4, st.none() | TEXTS, st.none() | TEXTS),
            max_size=2,
        ).map(tuple),
        TIMES,
    ),
    SecretsRevoked: st.builds(
        SecretsRevoked,
        TEXTS,
        st.lists(st.builds(EndedLogin, TEXTS, st.none() | TEXTS), max_size=2).map(
            tuple
        ),
        TIMES,
    ),
    model.StageSkipped: st.builds(model.StageSkipped, TEXTS, TEXTS, st.none() | TEXTS),
    model.PublishRequested: st.builds(
        model.PublishRequested,
        TEXTS,
        DIGESTS,
        STRINGS,
        STRINGS,
    ),
    model.PublishConfirmed: st.builds(
        model.PublishConfirmed,
        TEXTS,
        DIGESTS,
        st.lists(
            st.builds(PublishedImage, TEXTS, DIGESTS, TEXTS, WHOLES), max_size=2
        ).map(tuple),
    ),
    model.ReleaseRequested: st.builds(
        model.ReleaseRequested, TEXTS, TEXTS, DIGESTS, DIGESTS, TIMES, TIMES
    ),
    model.EnvironmentEntered: st.builds(
        model.EnvironmentEntered,
        *(TEXTS, TEXTS, DIGESTS, TEXTS, TEXTS),
        st.lists(CONDITIONS, max_size=2).map(tuple),
        st.lists(st.builds(model.CountedApproval, DIGESTS, TEXTS, TEXTS)).map(tuple),
        st.booleans(),
        WHOLES,
        st.none() | DIGESTS,
    ),
    model.RolloutStarted: st.builds(
        model.RolloutStarted,
        TEXTS,
        TEXTS,
        RELEASES,
        st.none() | RELEASES,
        TIMES,
        st.none() | TIMES,
    ),
    model.CanaryReady: st.builds(model.CanaryReady, TEXTS),
    model.WeightRequested: st.builds(model.WeightRequested, TEXTS, WHOLES),
    model.WeightConfirmed: st.builds(
        model.WeightConfirmed,
        TEXTS,
        WHOLES,
        COUNTS,
        COUNTS,
        TIMES,
        st.lists(st.builds(model.MetricTotal, TEXTS, TALLIES, TALLIES), max_size=2).map(
            tuple
        ),
    ),
    model.BlockObserved: st.builds(
        model.BlockObserved,
        TEXTS,
        WHOLES,
        WHOLES,
        COUNTS,
        COUNTS,
        COUNTS,
        COUNTS,
        INTEGERS,
        INTEGERS,
        TIMES,
        TIMES,
        st.lists(
            st.builds(
                model.MetricObserved,
                TEXTS,
                *[TALLIES] * 4,
                INTEGERS,
                INTEGERS,
            ),
            max_size=2,
        ).map(tuple),
    ),
    model.RolloutDirected: st.builds(
        model.RolloutDirected,
        TEXTS,
        st.sampled_from(Direction),
        TEXTS,
        st.lists(st.builds(model.CountedApproval, DIGESTS, TEXTS, TEXTS)).map(tuple),
        TIMES,
        WHOLES,
    ),
    model.RolloutDrifted: st.builds(model.RolloutDrifted, TEXTS, TEXTS, TIMES),
    model.DriftEnded: st.builds(model.DriftEnded, TEXTS, TIMES),
    model.WeightApplied: st.builds(model.WeightApplied, TEXTS, WHOLES, TIMES),
    model.OthersOverridden: st.builds(
        model.OthersOverridden, TEXTS, WHOLES, TEXTS, TIMES
    ),
    model.CanaryJudged: st.builds(
        model.CanaryJudged, TEXTS, st.sampled_from(CanaryVerdict), TEXTS, TEXTS
    ),
    model.RolloutFinished: st.builds(
        model.RolloutFinished, TEXTS, st.sampled_from(RolloutResult), TEXTS, TIMES
    ),
}
AT = datetime(2026, 11, 22, 6, 0, 0, 417_000, tzinfo=UTC)
ENVELOPE = Envelope(
    event_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0AB",
    run_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
    seq=7,
    recorded_ts=AT,
    source=Source("acme/churn-model", "sha1:" + "a" * 40, "refs/heads/main"),
    actor=Actor("user", "1000"),
    tool=Recording("sluicegate", "0.1.0"),
)
FINISHED = model.StageFinished(
    stage="scan",
    attempt=1,
    outcome=Outcome.CLOSED,
    reason="1 critical vulnerability",
    gate=model.GateRecord(
        Digest("1" * 64),
        Verdict.CLOSED,
        (model.ConditionResult("scan.critical == 0", Verdict.CLOSED, "it is 1"),),
    ),
    evidence=Evidence(
        {"critical": 1, "db_age_days": 0.25, "offline": True, "db": "v2"},
        (EvidenceFile("sbom.json", "application/json", 12, Digest("d" * 64)),),
    ),
    tools=(Tool("trivy", ("/usr/bin/trivy",), "0.59.1", None, "on PATH"),),
    subjects=(("ghcr.io/acme/churn-model", Digest("b" * 64)),),
    usage=ResourceUsage(wall_ms=2417, cpu_ms=1200),
    start_ts=AT,
    end_ts=AT + timedelta(milliseconds=2417),
)


def test_every_event_of_the_model_has_a_shape_and_is_tested_here() -> None:
    classes = {
        member for part in get_args(model.Event) for member in get_args(part) or [part]
    }

    assert {shape.cls for shape in shapes.BY_KIND.values()} == classes == set(EVENTS)


@pytest.mark.parametrize("cls", EVENTS)
@settings(max_examples=40)
@given(st.data())
def test_every_event_reads_back_exactly(cls: type, data: st.DataObject) -> None:
    event = data.draw(EVENTS[cls])

    entry = encode(ENVELOPE, event)

    assert decode(entry) == (ENVELOPE, event)
    assert encode(*decode(entry)) == entry  # 1, 1.0 and True are not the same
    assert rfc8785.dumps(json.loads(entry)) == entry


def test_a_finished_stage_in_the_log_is_these_bytes() -> None:
    document = json.loads(encode(ENVELOPE, FINISHED))

    assert document == {
        "schema": "https://sluicegate.dev/audit/v1",
        "type": "stage.finished",
        "event_id": "01JDA2Z9M3Q4T5V6W7X8Y9Z0AB",
        "run_id": "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
        "task_id": "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA/scan/1",
        "seq": 7,
        "recorded_ts": "2026-11-22T06:00:00.417Z",
        "source": {
            "repo": "acme/churn-model",
            "commit": "sha1:" + "a" * 40,
            "ref": "refs/heads/main",
        },
        "actor": {"kind": "user", "id": "1000"},
        "tool": {"name": "sluicegate", "version": "0.1.0"},
        "stage": "scan",
        "attempt": 1,
        "outcome": "closed",
        "reason": "1 critical vulnerability",
        "gate": {
            "policy": "sha256:" + "1" * 64,
            "verdict": "closed",
            "conditions": [
                {
                    "condition": "scan.critical == 0",
                    "verdict": "closed",
                    "reason": "it is 1",
                }
            ],
        },
        "evidence": {
            "fields": {
                "critical": 1,
                "db_age_days": {"e6": 250_000},
                "offline": True,
                "db": "v2",
            },
            "files": [
                {
                    "name": "sbom.json",
                    "media_type": "application/json",
                    "size": 12,
                    "digest": {"sha256": "d" * 64},
                }
            ],
        },
        "tools": [
            {
                "name": "trivy",
                "argv": ["/usr/bin/trivy"],
                "version": "0.59.1",
                "origin": "on PATH",
            }
        ],
        "subject": [
            {"name": "ghcr.io/acme/churn-model", "digest": {"sha256": "b" * 64}}
        ],
        "resources": {"wall_ms": 2417, "cpu_ms": 1200},
        "start_ts": "2026-11-22T06:00:00.417Z",
        "end_ts": "2026-11-22T06:00:02.834Z",
    }


def test_no_event_has_a_key_of_the_envelope() -> None:
    head = set(json.loads(encode(ENVELOPE, model.RunResumed()))) | {"task_id"}

    assert all(head.isdisjoint(shape.keys) for shape in shapes.BY_KIND.values())


def change(**keys: object) -> bytes:
    document = json.loads(encode(ENVELOPE, FINISHED)) | keys
    return rfc8785.dumps({k: v for k, v in document.items() if v is not ...})


@pytest.mark.parametrize(
    "entry",
    [
        change(schema="https://sluicegate.dev/audit/v2"),
        change(type=3),
        change(reason=...),
        change(reason=None),
        change(seq=-1),
        change(seq="7"),
        change(seq=True),
        change(attempt=2),
        change(task_id=...),
        change(task_id=None),
        change(outcome=["open"]),
        change(run_id="../etc"),
        change(event_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0A"),
        change(event_id="81JDA2Z9M3Q4T5V6W7X8Y9Z0AB"),
        change(start_ts="2026-11-22T06:00:00Z"),
        change(start_ts="2026-13-22T06:00:00.000Z"),
        change(start_ts="2026-11-22T06:00:00.000+00:00"),
        change(gate=None),
        change(tools={}),
        change(subject=[{"name": "x"}]),
        change(subject=[{"name": "x", "digest": {"sha1": "a" * 40}}]),
        change(subject=[{"name": "x", "digest": {"sha256": "A" * 64}}]),
        change(evidence=[]),
        change(evidence={"fields": [], "files": []}),
        change(evidence={"fields": {"x": {"e6": True}}, "files": []}),
        change(evidence={"fields": {"x": {"e6": 1, "e7": 1}}, "files": []}),
        change(evidence={"fields": {"x": {"e6": MAX_INTEGER}}, "files": []}),
        change(evidence={"fields": {"x": None}, "files": []}),
        change(start_ts="2026-11-22T24:00:00.000Z"),
        change(resources={}),
        change(actor={"kind": "a ghost", "id": "1"}),
    ],
)
def test_what_would_not_have_been_written_is_not_read(entry: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode(entry)


KEYS = st.sampled_from(
    sorted(
        {"schema", "type", "task_id", "run_id", "seq", "ref", "e6", "sha256", "extra"}
        | {key for shape in shapes.BY_KIND.values() for key in shape.keys}
    )
)
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    INTEGERS,
    TEXTS,
    st.sampled_from(["open", "sha256:" + "a" * 64, "2026-11-22T24:00:00.000Z"]),
    st.builds(list),
    st.builds(dict),
    INTEGERS.map(lambda number: {"e6": number}),
)


def list_containers(value: object) -> Iterator[dict[str, object] | list[object]]:
    """Every object and array in *value*, itself first."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from list_containers(inner)


def mutate(data: st.DataObject, document: object) -> None:
    """Add, replace or remove one thing anywhere in *document*."""
    place = data.draw(st.sampled_from(list(list_containers(document))))
    if isinstance(place, list):
        at = data.draw(st.integers(0, len(place)))
        place[at : at + data.draw(st.integers(0, 1))] = data.draw(
            st.lists(STRANGE, max_size=1)
        )
        return
    there = st.sampled_from(sorted(place)) if place else KEYS
    key = data.draw(there | KEYS)
    if data.draw(st.booleans()):
        place[key] = data.draw(STRANGE)
    else:
        place.pop(key, None)


def prune(document: object, like: object) -> object:
    """*document* without the keys that *like* lacks."""
    if isinstance(document, dict) and isinstance(like, dict):
        return {key: prune(document[key], like[key]) for key in like if key in document}
    if isinstance(document, list) and isinstance(like, list):
        return [prune(a, b) for a, b in zip(document, like, strict=True)]
    return document


@pytest.mark.parametrize("cls", EVENTS)
@settings(max_examples=150)
@given(st.data())
def test_what_is_read_is_what_would_be_written_but_for_keys_it_does_not_know(
    cls: type, data: st.DataObject
) -> None:
    document = json.loads(encode(ENVELOPE, data.draw(EVENTS[cls])))
    for _ in range(data.draw(st.integers(1, 2))):
        mutate(data, document)

    try:
        read = decode_entry(rfc8785.dumps(document))
    except IntegrityError:
        return
    if isinstance(read.event, Unknown) or not isinstance(read.envelope, Envelope):
        return
    written = json.loads(encode(read.envelope, read.known_event(), read.task_id))
    assert prune(document, written) == written


def test_counts_that_cannot_be_are_not_read() -> None:
    entry = encode(
        ENVELOPE,
        model.WeightConfirmed("c", 5, RequestCounts(2, 1), RequestCounts(0, 0), AT),
    )

    with pytest.raises(IntegrityError, match="failed <= total"):
        decode(entry.replace(b'"failed":1', b'"failed":3'))


@pytest.mark.parametrize(
    "make",
    [
        lambda: (ENVELOPE, model.StageStarted("s", 1, AT.replace(microsecond=1))),
        lambda: (ENVELOPE, model.StageStarted("s", 1, AT.replace(tzinfo=None))),
        lambda: (
            ENVELOPE,
            model.StageStarted("s", 1, AT.astimezone(timezone(timedelta(hours=1)))),
        ),
        lambda: (ENVELOPE, model.StageSkipped("s", "\udcff")),
        lambda: (ENVELOPE, model.WeightRequested("s", MAX_INTEGER + 1)),
        lambda: (ENVELOPE, model.WeightRequested("s", percent=True)),
        lambda: (dataclasses.replace(ENVELOPE, run_id=""), model.RunResumed()),
        lambda: (dataclasses.replace(ENVELOPE, seq=-1), model.RunResumed()),
        lambda: (
            ENVELOPE,
            dataclasses.replace(FINISHED, evidence=Evidence({"x": 0.12345678})),
        ),
        lambda: (
            ENVELOPE,
            dataclasses.replace(FINISHED, evidence=Evidence({"é": 1})),
        ),
    ],
)
def test_what_cannot_be_recorded_exactly_is_refused(
    make: Callable[[], tuple[Envelope, model.Event]],
) -> None:
    with pytest.raises(UsageError):
        encode(*make())


def test_entry_0_reads_back_and_is_no_event() -> None:
    created = LogCreated("sluicegate.local/churn", "sluicegate.local/churn+0+AQ==", 400)

    entry = encode_log(log_envelope(), created)

    assert decode_created(entry) == (log_envelope(), created)
    with pytest.raises(IntegrityError, match="belongs to no run"):
        decode(entry)
    with pytest.raises(IntegrityError, match=r"of type 'run\.resumed'"):
        decode_created(encode(ENVELOPE, model.RunResumed()))


@pytest.mark.parametrize(
    "entry",
    [
        change(type="stage.invented"),
        change(outcome="success"),
        change(type="stage.invented", reason=...),
    ],
)
def test_what_a_newer_version_may_have_written_is_read_as_unknown(
    entry: bytes,
) -> None:
    read = decode_entry(entry)

    assert (read.envelope, read.event) == (ENVELOPE, Unknown())
    with pytest.raises(IntegrityError, match="unknown type"):
        decode(entry)


def test_keys_that_a_newer_version_may_have_added_are_passed_over() -> None:
    extra = {"kind": "user", "id": "1000", "badge": 7}

    assert decode(change(more=[1], actor=extra)) == (ENVELOPE, FINISHED)


def test_a_shape_that_forgets_a_field_does_not_exist() -> None:
    with pytest.raises(TypeError, match="does not name its fields"):
        Shape(Actor, Field("kind", TEXT))
