"""Unit tests of `sluicegate.audit.entry_rules`; `test_verify` uses it on whole logs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import FakeClock, FakeEvidence
from fakes_audit import FACTS, event_ids, log_envelope
from fakes_inbox import FakePerson

from sluicegate.audit.entry_rules import EntryRules, OpenRun
from sluicegate.audit.envelope import Actor, Envelope
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.audit.record import encode, encode_log
from sluicegate.audit.statements.predicates import NAMESPACE, HoldPlacing
from sluicegate.audit.statements.sshsig import parse_signature
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    GateRecord,
    RunFinished,
    RunResumed,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import (
    HoldPlaced,
    LogCreated,
)

AT = FakeClock().now()
ORIGIN = "log.example/churn"
STARTED = RunStarted(
    pipeline="p",
    definition=Digest.of(b""),
    commit="a" * 40,
    branch=None,
    dirty=False,
    stages=(),
    start_ts=AT,
)
FINISHED = RunFinished(Outcome.OPEN, "every gate is open", AT, AT, 1)
PASSED = StageFinished(
    stage="test",
    attempt=1,
    outcome=Outcome.OPEN,
    reason="0 failed",
    gate=GateRecord(Digest.of(b""), Verdict.OPEN, ()),
    evidence=Evidence({"failed": 0}, ()),
    tools=(),
    subjects=(),
    usage=ResourceUsage(1),
    start_ts=AT,
    end_ts=AT,
    inputs={"files": "ab", "definition": "cd"},
)


class Writer:
    """Entries of a log, each with the next event id and number of its run."""

    def __init__(self) -> None:
        self.ids = event_ids()
        self.seqs: dict[str, int] = {}
        self.entries = [encode_log(log_envelope(), LogCreated(ORIGIN, "key", 400))]

    def add(self, run_id: str, event: Event, **changes: object) -> "Writer":
        seq = self.seqs.get(run_id, 0)
        self.seqs[run_id] = seq + 1
        at = AT + timedelta(seconds=len(self.entries))
        envelope = Envelope(
            self.ids(), run_id, seq, at, FACTS.source, FACTS.actor, FACTS.tool
        )
        self.entries.append(encode(replace(envelope, **changes), event))  # type: ignore[arg-type] # test values
        return self

    def check(self, evidence: FakeEvidence | None = None) -> EntryRules:
        rules = EntryRules(ORIGIN, evidence)
        rules.check(0, self.entries)
        return rules


def change(entry: bytes, **keys: object) -> bytes:
    return format_json({**parse_json(entry), **keys})  # type: ignore[dict-item] # test values


def test_entries_as_they_are_written_are_fine() -> None:
    writer = Writer().add("R1", STARTED).add("R2", STARTED).add("R1", PASSED)

    rules = writer.add("R1", FINISHED).check()

    assert rules.problems == []
    assert rules.created == LogCreated(ORIGIN, "key", 400)
    assert rules.open_runs == (OpenRun("R2", 2, AT + timedelta(seconds=2)),)


def test_bundles_one_by_one_are_the_same_as_all_at_once() -> None:
    writer = Writer().add("R1", STARTED).add("R1", PASSED).add("R1", FINISHED)
    rules = EntryRules(ORIGIN, None)

    for index, entry in enumerate(writer.entries):
        rules.check(index, [entry])

    assert (rules.problems, rules.open_runs) == ([], ())


def test_a_run_that_was_resumed_is_open_again_from_there() -> None:
    writer = Writer().add("R1", STARTED).add("R1", FINISHED)

    rules = writer.add("R1", RunResumed()).check()

    assert [run.index for run in rules.open_runs] == [3]


def test_entry_0_must_begin_the_log() -> None:
    writer = Writer().add("R1", STARTED)
    rules = EntryRules(ORIGIN, None)
    rules.check(0, writer.entries[1:])

    assert rules.problems == [
        "entry 0: the first entry is of type 'run.started', not log.created"
    ]
    assert rules.created is None


def test_another_origin_is_named() -> None:
    rules = EntryRules("log.example/other", None)
    rules.check(0, Writer().entries)

    assert rules.problems == [
        "entry 0: it begins the log 'log.example/churn', not this one"
    ]


def test_entries_of_unknown_types_are_counted_and_no_problem() -> None:
    writer = Writer().add("R1", STARTED)
    for kind in ("canary.replayed", "canary.replayed", "moon.full"):
        writer.add("R1", RunResumed())
        writer.entries[-1] = change(writer.entries[-1], type=kind)

    rules = writer.check()

    assert rules.problems == []
    assert rules.unknown == {"canary.replayed": 2, "moon.full": 1}


@pytest.mark.parametrize(
    "before",
    [
        PASSED,
        replace(PASSED, outcome=Outcome.CLOSED, gate=None),
        replace(PASSED, inputs={"files": "other", "definition": "cd"}),
        replace(PASSED, inputs={}),
        replace(PASSED, evidence=Evidence({"failed": 3}, ())),
        replace(PASSED, stage="lint"),
        replace(PASSED, attempt=2),
    ],
)
def test_a_result_taken_over_must_be_one_that_the_log_holds(
    before: StageFinished,
) -> None:
    writer = Writer().add("R1", STARTED).add("R1", before)
    writer.add("R2", STARTED).add("R2", replace(PASSED, cached="R1/test/1"))

    problems = writer.check().problems

    if before is PASSED:
        assert problems == []
    else:
        assert len(problems) == 1
        assert problems[0].startswith("entry 4: it takes over the result of R1/test/1")


def test_a_result_cannot_come_from_the_future_or_from_itself() -> None:
    writer = Writer().add("R1", STARTED).add("R2", STARTED)
    writer.add("R2", replace(PASSED, cached="R1/test/1")).add("R1", PASSED)
    writer.add("R3", STARTED).add("R3", replace(PASSED, cached="R3/test/1"))

    assert [problem[:8] for problem in writer.check().problems] == [
        "entry 3:",
        "entry 6:",
    ]


def test_a_result_taken_over_twice_comes_from_the_first() -> None:
    writer = Writer().add("R1", STARTED).add("R1", PASSED)
    for run_id in ("R2", "R3"):
        writer.add(run_id, STARTED).add(run_id, replace(PASSED, cached="R1/test/1"))

    assert writer.check().problems == []


def test_after_entries_that_were_pruned_only_what_is_there_must_fit() -> None:
    writer = Writer().add("R1", STARTED).add("R1", PASSED)
    first = len(writer.entries)
    writer.add("R1", StageStarted("scan", 1, AT)).add("R1", FINISHED)
    writer.add("R2", STARTED).add("R2", replace(PASSED, cached="R1/test/1"))
    rules = EntryRules(ORIGIN, None)

    rules.check(first, writer.entries[first:])

    assert rules.problems == []
    assert [run.run_id for run in rules.open_runs] == ["R2"]


def test_an_entry_that_cannot_be_read_accuses_no_other() -> None:
    writer = Writer().add("R1", STARTED).add("R1", PASSED)
    writer.add("R2", STARTED).add("R2", replace(PASSED, cached="R1/test/1"))
    writer.add("R1", FINISHED)
    writer.entries[2] = writer.entries[2][:-1]

    (problem,) = writer.check().problems

    assert problem.startswith("entry 2: not canonical JSON")


def test_after_a_gap_a_run_still_cannot_go_back_or_skip() -> None:
    writer = Writer().add("R1", STARTED).add("R1", RunResumed())
    rules = EntryRules(ORIGIN, None)
    rules.check(0, writer.entries)
    more = Writer()
    more.entries.clear()
    for seq in (1, 5, 7):
        more.add("R1", RunResumed(), seq=seq, event_id=f"{seq:026}")

    rules.check(256, more.entries)

    assert rules.problems == [
        "entry 256: event 1 of run R1 where event 2 should be",
        "entry 257: event 5 of run R1 where event 2 should be",
        "entry 258: event 7 of run R1 where event 6 should be",
    ]


def with_files(*files: EvidenceFile) -> StageFinished:
    return replace(PASSED, evidence=Evidence({}, files))


def test_each_evidence_file_is_read_once_and_every_lie_about_it_named() -> None:
    evidence = FakeEvidence()
    digest = evidence.keep(b"<testsuite/>")
    right = EvidenceFile("junit.xml", "application/xml", 12, digest)
    short, negative = replace(right, size=3), replace(right, size=-12)
    gone = replace(right, digest=Digest.of(b"gone"))
    writer = Writer().add("R1", STARTED)
    for files in [(right, right), (right, short), (negative, gone), (gone,)]:
        writer.add("R1", with_files(*files))

    rules = writer.check(evidence)

    assert rules.evidence_files == 1
    assert [problem[:25] for problem in rules.problems] == [
        "entry 3: junit.xml: 12 by",
        "entry 4: junit.xml: 12 by",
    ]
    assert len([*rules.finish()]) == 2  # those that are missing
    assert rules.problems[1] == "entry 4: junit.xml: 12 bytes, not -12"


def test_without_a_place_for_evidence_it_is_not_looked_at() -> None:
    gone = EvidenceFile("junit.xml", "application/xml", 12, Digest.of(b"gone"))
    writer = Writer().add("R1", STARTED).add("R1", with_files(gone))

    rules = writer.check()

    assert (rules.problems, rules.evidence_files) == ([], 0)


def test_labels_of_a_run_are_part_of_what_a_result_is_called() -> None:
    labels: Mapping[str, str] = {"os": "linux"}
    writer = Writer().add("R1", replace(STARTED, labels=labels))
    writer.add("R1", PASSED)
    writer.entries[-1] = change(writer.entries[-1], task_id="R1/os=linux/test/1")
    writer.add("R2", STARTED)
    for cached in ("R1/os=linux/test/1", "R1/test/1"):
        writer.add("R2", replace(PASSED, cached=cached))

    assert [problem[:8] for problem in writer.check().problems] == ["entry 5:"]


def test_an_entry_made_from_a_statement_must_be_signed_by_its_actor() -> None:
    evidence = FakeEvidence()
    ann = FakePerson("ann")
    life = (AT, AT + timedelta(days=1), "0" * 32)
    said = HoldPlacing(HoldScope(), "case 7")
    payload = format_statement(Statement(ORIGIN, said, *life))
    signature = parse_signature(ann.sign(payload, NAMESPACE))
    actor = Actor("user", signature.fingerprint)
    kept = evidence.keep(payload)

    def check(reason: str, actor: Actor) -> EntryRules:
        envelope = replace(
            log_envelope("0" * 25 + "1"),
            actor=actor,
            statement=kept,
            signature=signature.encoded,
        )
        rules = EntryRules(ORIGIN, evidence)
        rules.check(0, [encode_log(log_envelope(), LogCreated(ORIGIN, "key", 400))])
        rules.check(1, [encode_log(envelope, HoldPlaced(HoldScope(), reason))])
        return rules

    sound = check("case 7", actor)
    assert (sound.problems, sound.evidence_files, sound.statements.held) == ([], 1, 1)
    assert check("case 8", actor).problems == [
        "entry 1: its signed statement says otherwise"
    ]
    (problem,) = check("case 7", FACTS.actor).problems
    assert problem.startswith("entry 1: its actor is ")
