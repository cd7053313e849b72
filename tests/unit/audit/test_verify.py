"""Unit tests of `sluicegate.audit.verify`."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes import FakeClock, FakeEvidence
from fakes_audit import (
    FACTS,
    FakeJournal,
    FakePin,
    FakeSigner,
    FakeStore,
    begin_log,
    event_ids,
    log_envelope,
)
from fakes_witness import FakeWitness
from typing_extensions import override

from sluicegate.audit.authority import Authority, sign_note
from sluicegate.audit.entry_rules import EntryRules, OpenRun
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.jcs import MAX_INTEGER
from sluicegate.audit.keychain import build_keychain, hand_over
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode, encode_log
from sluicegate.audit.recorder import Recorder
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.snapshot_form import split
from sluicegate.audit.verify import Anchors, VerifyReport, verify
from sluicegate.errors import IntegrityError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import RunResumed, RunStarted, StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import (
    HoldPlaced,
    LogCreated,
    LogEvent,
    LogPruned,
    RetentionChanged,
)
from sluicegate.model.retention import Keeping, Promise
from sluicegate.model.state_item import CutRun
from sluicegate.model.ulid import format_ulid
from sluicegate.tlog.checkpoint import Checkpoint, format_checkpoint
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.note import Note, format_note, parse_note, parse_vkey
from sluicegate.tlog.policy import Policy, require_all

CLOCK = FakeClock()


class FakeSigner2(FakeSigner):
    """Another key of the same name."""

    def __init__(self) -> None:
        super().__init__("another")
        self.name = FakeSigner().name


VKEY = FakeSigner().vkey()
REPORT = b"<testsuite/>"
STARTED = RunStarted(
    pipeline="p",
    definition=Digest.of(b""),
    commit="a" * 40,
    branch=None,
    dirty=False,
    stages=(),
    start_ts=CLOCK.now(),
)


def finished(file: EvidenceFile) -> StageFinished:
    return StageFinished(
        stage="test",
        attempt=1,
        outcome=Outcome.BROKEN,
        reason="pytest crashed",
        gate=None,
        evidence=Evidence({}, (file,)),
        tools=(),
        subjects=(),
        usage=ResourceUsage(1),
        start_ts=CLOCK.now(),
        end_ts=CLOCK.now() + timedelta(seconds=1),
    )


class Log:
    """A log of two entries and an evidence file, and its parts."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.evidence = FakeEvidence()
        self.ids = event_ids()
        self.log = begin_log(self.store)
        self.file = EvidenceFile(
            "junit.xml", "application/xml", len(REPORT), self.evidence.keep(REPORT)
        )
        recorder = Recorder(
            self.log,
            FakeJournal(),
            "R1",
            clock=CLOCK,
            new_event_id=self.ids,
            facts=FACTS,
        )
        recorder.record(STARTED)
        recorder.record(finished(self.file))

    def envelope(self, seq: int, **changes: object) -> Envelope:
        envelope = Envelope(
            self.ids(), "R1", seq, CLOCK.now(), FACTS.source, FACTS.actor, FACTS.tool
        )
        return dataclasses.replace(envelope, **changes)  # type: ignore[arg-type] # test values

    def verify(
        self, vkey: str | None = VKEY, pin: FakePin | None = None
    ) -> VerifyReport:
        return verify(self.store, vkey, self.evidence, pin)


def test_a_sound_log_has_no_problems() -> None:
    log = Log()

    report = log.verify()

    head = log.log.head()
    assert report.ok
    assert report == VerifyReport(
        "log.example/churn",
        3,
        head.root_text,
        VKEY,
        1,
        (),
        Anchors(store=log.store.promise()),
        open_runs=(OpenRun("R1", 1, CLOCK.now()),),
    )


def test_without_a_key_the_one_of_entry_0_is_taken_and_named() -> None:
    assert Log().verify(None).vkey == VKEY


def test_another_key_is_a_problem() -> None:
    report = Log().verify(FakeSigner("log.example/other").vkey())

    assert (report.ok, report.size) == (False, 0)
    assert "checkpoint:" in report.problems[0]


@pytest.mark.parametrize("vkey", [None, VKEY])
def test_a_log_that_is_not_there_is_a_problem(vkey: str | None) -> None:
    store = FakeStore()

    assert not verify(store, vkey).ok


def test_a_checkpoint_alone_is_a_problem() -> None:
    log = Log()
    log.store.objects = {"checkpoint": log.store.objects["checkpoint"]}

    assert not log.verify().ok


def test_evidence_that_is_missing_or_changed_is_named() -> None:
    log = Log()
    del log.evidence.kept[log.file.digest]

    report = log.verify()

    assert (report.ok, report.evidence_files) == (False, 0)
    assert report.problems[0].startswith("entry 2: junit.xml: ")


def test_evidence_of_another_size_is_named() -> None:
    log = Log()
    wrong = dataclasses.replace(log.file, size=3)
    log.log.append([encode(log.envelope(2), finished(wrong))])

    assert log.verify().problems == ("entry 3: junit.xml: 12 bytes, not 3",)


def test_evidence_is_not_looked_at_where_there_is_none() -> None:
    log = Log()

    report = verify(log.store, VKEY)

    assert (report.ok, report.evidence_files) == (True, 0)


def test_an_event_that_is_missing_from_a_run_is_named() -> None:
    log = Log()
    log.log.append([encode(log.envelope(3), RunResumed())])

    assert log.verify().problems == (
        "entry 3: event 3 of run R1 where event 2 should be",
    )


def test_an_event_that_is_there_twice_is_named() -> None:
    log = Log()
    *_, (_, last) = log.log.entries()
    log.log.append([last])

    problems = log.verify().problems

    assert len(problems) == 2
    assert "is there twice" in problems[0]
    assert "event 1 of run R1 where event 2 should be" in problems[1]


@pytest.mark.parametrize(
    "entry", [b"", b"{}", b"not json", b'{"a": 1}', b'{"schema":"other","type":"x"}']
)
def test_an_entry_outside_the_schema_is_named(entry: bytes) -> None:
    log = Log()
    log.log.append([entry])

    (problem,) = log.verify().problems
    assert problem.startswith("entry 3: ")


@pytest.mark.parametrize(
    ("origin", "vkey"), [("log.example/other", VKEY), ("log.example/churn", "k")]
)
def test_entry_0_of_another_log_or_key_is_a_problem(origin: str, vkey: str) -> None:
    store = FakeStore()
    created = LogCreated(origin, vkey, 400)
    log = AuditLog(store, FakeSigner())
    with store.exclusive():
        empty = Checkpoint("log.example/churn", 0, EMPTY_ROOT)
        log._commit(None, empty, [encode_log(log_envelope(), created)])

    (problem,) = verify(store, VKEY).problems
    assert problem.startswith("entry 0: it ")


def pin(here: bytes | None = None, newest: bytes | None = None) -> FakePin:
    pin = FakePin({} if newest is None else {VKEY: newest})
    pin.saved = here
    return pin


def test_a_log_that_grew_since_it_was_pinned_is_fine() -> None:
    log = Log()
    seen = log.store.objects["checkpoint"]
    log.log.append([encode(log.envelope(2), RunResumed())])

    report = log.verify(pin=pin(seen, seen))

    assert (report.ok, report.anchors.seen) == (True, 3)


@pytest.mark.parametrize("vkey", [VKEY, None])
@pytest.mark.parametrize(
    ("here", "newest", "words"),
    [
        (True, True, "Restore the log from its newest copy"),
        (True, False, "Restore the log from its newest copy"),
        (False, True, "use the log where it went on"),
    ],
    ids=["both", "the place alone", "the key alone"],
)
def test_a_log_rolled_back_since_it_was_pinned_is_a_problem(
    *, here: bool, newest: bool, words: str, vkey: str | None
) -> None:
    log = Log()
    old = dict(log.store.objects)
    log.log.append([encode(log.envelope(2), RunResumed())])
    seen = log.store.objects["checkpoint"]
    log.store.objects = old

    report = log.verify(vkey, pin(seen if here else None, seen if newest else None))

    (problem,) = report.problems
    assert problem.startswith("pin: the log was rolled back: it had 4 entries, now 3")
    assert words in problem
    assert report.anchors.seen == 4


def test_a_copy_that_its_place_last_had_but_that_went_on_elsewhere_is_a_problem() -> (
    None
):
    log = Log()
    old = dict(log.store.objects)
    log.log.append([encode(log.envelope(2), RunResumed())])
    seen = log.store.objects["checkpoint"]
    log.store.objects = old

    report = log.verify(pin=pin(old["checkpoint"], seen))

    (problem,) = report.problems
    assert "use the log where it went on" in problem
    assert report.anchors.seen == 4


def test_a_pin_that_cannot_be_read_is_a_problem() -> None:
    for broken in (pin(b""), pin(None, b"")):
        (problem,) = Log().verify(pin=broken).problems
        assert problem.startswith("pin: pins/")
        assert "is not a checkpoint" in problem


def test_a_run_that_begins_with_something_else_is_named() -> None:
    log = Log()
    log.log.append([encode(log.envelope(0, run_id="R2"), RunResumed())])

    assert log.verify().problems == ("entry 3: run R2 begins with something else",)


def test_a_run_that_begins_a_second_time_is_named() -> None:
    log = Log()
    log.log.append([encode(log.envelope(2), STARTED)])

    assert log.verify().problems == ("entry 3: run R1 begins a second time",)


def test_runs_may_take_turns() -> None:
    log = Log()
    log.log.append(
        [
            encode(log.envelope(0, run_id="R2"), STARTED),
            encode(log.envelope(2), RunResumed()),
            encode(log.envelope(1, run_id="R2"), RunResumed()),
        ]
    )

    assert log.verify().problems == ()


def test_a_log_that_begins_a_second_time_is_a_problem() -> None:
    log = Log()
    created = LogCreated("log.example/churn", VKEY, 400)
    log.log.append([encode_log(log_envelope(log.ids()), created)])

    assert log.verify().problems == ("entry 3: the log is begun a second time",)


@pytest.mark.parametrize("vkey", [VKEY, None])
def test_a_log_without_its_entry_0_is_a_problem(vkey: str | None) -> None:
    store = FakeStore()
    log = AuditLog(store, FakeSigner())
    first = Envelope(
        event_ids()(), "R1", 0, CLOCK.now(), FACTS.source, FACTS.actor, FACTS.tool
    )
    with store.exclusive():
        empty = Checkpoint("log.example/churn", 0, EMPTY_ROOT)
        log._commit(None, empty, [encode(first, STARTED)])

    (problem,) = verify(store, vkey).problems
    assert "the first entry is of type 'run.started'" in problem


def test_an_empty_log_is_a_problem() -> None:
    store = FakeStore()
    log = AuditLog(store, FakeSigner())
    store.objects["checkpoint"] = log._sign(
        Checkpoint("log.example/churn", 0, EMPTY_ROOT)
    )

    (problem,) = verify(store, VKEY).problems
    assert "the log is empty" in problem


def test_every_byte_of_every_file_counts() -> None:
    log = Log()
    sound = dict(log.store.objects)
    assert {"checkpoint", "tile/0/000.p/1", "tile/entries/000.p/3"} <= set(sound)

    missed = []
    for name, data in sound.items():
        for at in range(0, len(data), 1 if name == "checkpoint" else 7):
            changed = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]
            log.store.objects = {**sound, name: changed}
            if log.verify().ok or log.verify(None).ok:
                missed.append(f"{name}[{at}]")

    assert missed == []


def test_a_link_in_the_store_is_a_problem_not_a_crash() -> None:
    class Linked(FakeStore):
        @override
        def get(self, name: str) -> bytes | None:
            if name.startswith("tile/0/"):
                raise IntegrityError(f"{name}: leads through a symbolic link")
            return super().get(name)

    log = Log()
    store = Linked(log.store.objects)

    problems = verify(store, VKEY).problems
    assert problems[0] == "tile/0/000.p/3: leads through a symbolic link"


GONE = (
    "the log is gone: it had 3 entries when it was last seen. Restore it from a copy. "
    "If you removed it on purpose, remove pins/log too."
)


@pytest.mark.parametrize("vkey", [VKEY, None])
def test_a_log_that_is_gone_is_told_by_its_pin(vkey: str | None) -> None:
    log = Log()
    seen = log.store.objects.pop("checkpoint")
    store = FakeStore()

    for left in (log.store, store):
        report = verify(left, vkey, log.evidence, pin(seen, seen))

        assert report.problems == (GONE,)
        assert (report.anchors.seen, report.evidence_files, report.root) == (
            3,
            None,
            "",
        )


def test_a_place_that_never_had_a_log_gives_advice() -> None:
    store = FakeStore()

    report = verify(store, pin=pin())

    assert report.problems == (
        "there is no log here. Go to the project's folder, or name the log with --log.",
    )
    assert (report.anchors.seen, report.evidence_files) == (None, None)


def test_a_checkpoint_that_is_missing_alone_is_named() -> None:
    log = Log()
    del log.store.objects["checkpoint"]

    (problem,) = log.verify().problems
    assert problem.startswith("checkpoint: missing, while files of the log are there")


@pytest.mark.parametrize("vkey", [VKEY, None])
@pytest.mark.parametrize("at", [0, -5], ids=["origin", "signature"])
def test_a_damaged_checkpoint_keeps_what_was_seen(at: int, vkey: str | None) -> None:
    log = Log()
    seen = log.store.objects["checkpoint"]
    damaged = bytearray(seen)
    damaged[at] ^= 0x80
    log.store.objects["checkpoint"] = bytes(damaged)

    for known in (pin(seen), pin(None, seen)):
        report = log.verify(vkey, known)

        (problem,) = report.problems
        assert problem.startswith("checkpoint: the checkpoint is not UTF-8 text")
        assert problem.endswith("Restore the log from a copy.")
        assert (report.anchors.seen, report.evidence_files) == (3, None)


def test_a_pin_that_cannot_be_read_is_told_once_where_the_log_is_gone() -> None:
    store = FakeStore()

    (problem,) = verify(store, VKEY, pin=pin(b"\xff")).problems

    assert problem.startswith("the log is gone, and pins/log is not a checkpoint")


def test_a_pin_that_cannot_be_read_is_told_beside_a_damaged_checkpoint() -> None:
    log = Log()
    log.store.objects["checkpoint"] = b"x"

    first, second = log.verify(pin=pin(b"\xff")).problems

    assert first.startswith("checkpoint: ")
    assert second.startswith("pin: pins/log is not a checkpoint")


def cosigned(log: Log, *names: str) -> None:
    """Put cosignatures into the checkpoint itself."""
    note = parse_note(log.store.objects["checkpoint"])
    fakes = [FakeWitness(name, [parse_vkey(VKEY)]) for name in names]
    lines = tuple(fake.cosign(note.text) for fake in fakes)
    signed = Note(note.text, (*note.signatures[:1], *lines))
    log.store.objects["checkpoint"] = format_note(signed)


def believe(*names: str) -> Policy:
    return require_all(tuple(FakeWitness(name, []).witness for name in names))


def test_what_the_witnesses_of_a_policy_vouch_for_is_an_anchor() -> None:
    log = Log()
    cosigned(log, "w1", "w2")

    report = verify(log.store, VKEY, policy=believe("w1", "w2"))

    assert report.problems == ()
    witnesses = report.anchors.witnesses
    assert witnesses is not None
    assert (witnesses.reached, witnesses.size) == (True, 3)


def test_a_quorum_that_is_missing_is_a_problem_where_one_is_asked_for() -> None:
    log = Log()
    cosigned(log, "w1")

    for names in (("w1", "w2"), ("w3",)):
        report = verify(log.store, VKEY, policy=believe(*names))
        (problem,) = report.problems
        assert problem.startswith("witnesses: no state of the log was cosigned by ")
    assert verify(log.store, VKEY).ok
    assert verify(log.store, VKEY, policy=believe("w1")).ok


def test_a_cosignature_that_is_wrong_is_a_problem() -> None:
    log = Log()
    cosigned(log, "w1")
    raw = log.store.objects["checkpoint"]
    other = FakeWitness("w1", []).cosign("another text")
    note = parse_note(raw)
    log.store.objects["checkpoint"] = format_note(
        Note(note.text, (note.signatures[0], other))
    )

    problems = verify(log.store, VKEY, policy=believe("w1")).problems

    assert any(
        "cosignature of the witness w1.example is not valid" in p for p in problems
    )


def test_findings_of_the_store_are_problems_and_its_promise_is_reported() -> None:
    class Versioned(FakeStore):
        @override
        def promise(self) -> Promise:
            return Promise(Keeping.ENFORCED, "until 2028")

        @override
        def inspect(self, size: int) -> Iterator[str]:
            yield f"tile/0/000.p/{size}: has two versions"

    report = verify(Versioned(Log().store.objects), VKEY)

    assert report.problems == ("store: tile/0/000.p/3: has two versions",)
    assert report.anchors.store == Promise(Keeping.ENFORCED, "until 2028")


def test_a_pin_that_holds_is_told_from_one_that_does_not() -> None:
    log = Log()
    seen = log.store.objects["checkpoint"]
    log.log.append([encode(log.envelope(2), RunResumed())])
    newer = log.store.objects["checkpoint"]

    assert log.verify(pin=pin(seen)).anchors.held
    assert not log.verify(pin=None).anchors.held
    log.store.objects["checkpoint"] = seen
    for name in [name for name in log.store.objects if name.endswith("/4")]:
        del log.store.objects[name]
    assert not log.verify(pin=pin(newer)).anchors.held


def test_a_log_whose_key_was_rotated_is_followed_from_a_key_that_is_trusted() -> None:
    log = Log()
    old, new = FakeSigner(), FakeSigner2()
    head = log.log.head()
    event = hand_over(head, old, new, reason="yearly", overlap_until=None)
    chain = build_keychain(VKEY, [(head.size, event)])
    log.log.rotate(
        lambda _: (
            encode_log(log_envelope(log.ids()), event),
            Authority(chain, (new,)),
        )
    )

    for vkey in (VKEY, new.vkey(), None):
        report = log.verify(vkey)
        assert (report.problems, report.vkey) == ((), new.vkey())
    stranger = FakeSigner("log.example/other").vkey()
    assert not log.verify(stranger).ok


def test_an_old_key_that_goes_on_alone_is_refused() -> None:
    log = Log()
    head = log.log.head()
    event = hand_over(head, FakeSigner(), FakeSigner2(), reason="", overlap_until=None)
    log.log.append([encode_log(log_envelope(log.ids()), event)])  # signed by the old

    for vkey in (VKEY, None):
        problems = log.verify(vkey).problems
        assert any("which handed over to" in problem for problem in problems)


def test_a_snapshot_that_says_otherwise_than_the_entries_is_a_problem() -> None:
    log = Log()
    state = read_state(log.log)
    assert state.created is not None
    for lie in (
        dataclasses.replace(state, runs={}),
        dataclasses.replace(state, retention_days=180),
        dataclasses.replace(
            state, created=dataclasses.replace(state.created, vkey="another")
        ),
    ):
        forged = Log()
        envelope = log_envelope(forged.ids())
        (part,) = split(lie)
        forged.log.append([encode_log(envelope, part)])
        (problem,) = forged.verify().problems
        assert problem.startswith("entry 3: the snapshot of the first 3 entries says")
    envelope = log_envelope(log.ids())
    log.log.append([encode_log(envelope, part) for part in split(state)])
    assert log.verify().problems == ()


class Pruned(Log):
    """A log of 700 entries, of which the first 512 may go."""

    def __init__(
        self,
        *events: LogEvent,
        age_days: int = 500,
        min_index: int = 512,
        **changes: object,
    ) -> None:
        super().__init__()
        self.prepare()
        if events:
            entries = [encode_log(log_envelope(self.ids()), each) for each in events]
            self.log.append(entries)
        cut = min_index - self.log.head().size + 2
        self.log.append(
            [encode(self.envelope(seq), RunResumed()) for seq in range(2, 700)]
        )
        late = CLOCK.now() + timedelta(days=age_days)
        said = LogPruned(
            min_index=min_index,
            entries=min_index,
            first_ts=CLOCK.now(),
            last_ts=CLOCK.now(),
            bundles=self.digest(min_index // 256),
            retention_days=400,
            cut=(CutRun("R1", cut),),
        )
        announced: list[LogEvent] = [
            *split(read_state(self.log)),
            dataclasses.replace(said, **changes),  # type: ignore[arg-type] # test values
        ]
        self.log.append(
            [
                encode_log(
                    dataclasses.replace(log_envelope(self.ids()), recorded_ts=late),
                    event,
                )
                for event in announced
            ]
        )

    def prepare(self) -> None:
        """What happens before it grows."""

    def digest(self, count: int) -> Digest:
        """What ``sha256sum tile/entries/... | sha256sum`` says of so many bundles."""
        names = [f"tile/entries/{place:03}" for place in range(count)]
        sums = [Digest.of(self.store.objects[name]).hex for name in names]
        lines = [f"{found}  {name}\n" for found, name in zip(sums, names, strict=True)]
        return Digest.of("".join(lines).encode())

    def drop(self, *places: int) -> None:
        for place in places:
            del self.store.objects[f"tile/entries/{place:03}"]


@pytest.mark.parametrize("vkey", [VKEY, None])
def test_a_log_that_was_pruned_verifies_and_says_so(vkey: str | None) -> None:
    log = Pruned()
    assert log.verify(vkey).problems == ()  # announced, and not carried out
    log.drop(0, 1)

    report = log.verify(vkey)

    assert report.problems == ()
    assert (report.min_index, report.size) == (512, log.log.head().size)
    assert [run.index for run in report.open_runs] == [512]


def test_more_missing_than_was_pruned_is_a_problem() -> None:
    log = Pruned(min_index=256)
    log.drop(0, 1)

    problems = log.verify().problems

    assert problems[0] == "tile/entries/001: missing"


def test_pruning_too_early_or_by_halves_is_a_problem() -> None:
    young, crooked = Pruned(age_days=399), Pruned(min_index=300)

    (problem,) = young.verify().problems
    assert problem.endswith("it prunes entries younger than 400 days")
    assert "no end of a bundle" in crooked.verify().problems[0]


def test_a_log_of_which_not_all_that_was_pruned_is_gone_yet_is_fine() -> None:
    log = Pruned()
    log.drop(0)

    assert log.verify().problems == ()


EARLIER = CLOCK.now() - timedelta(days=2000)


@pytest.mark.parametrize(
    ("lie", "gone", "says"),
    [
        ({"bundles": Digest.of(b"")}, (), "are others than it says"),
        ({"first_ts": EARLIER}, (), "the first bundle it prunes begins"),
        ({"first_ts": EARLIER}, (1,), "the first bundle it prunes begins"),
        ({"first_ts": EARLIER, "last_ts": EARLIER}, (0,), "what it prunes is of up to"),
        ({"last_ts": EARLIER}, (0, 1), "end before they begin"),
        ({"entries": 256}, (), "it prunes from 256 on, not from 0"),
        ({"entries": 1024}, (), "no whole bundles"),
        ({"entries": 500}, (), "no whole bundles"),
    ],
)
def test_what_pruning_says_must_fit_the_bundles_that_are_there(
    lie: dict[str, object], gone: tuple[int, ...], says: str
) -> None:
    log = Pruned(**lie)  # type: ignore[arg-type] # test values
    log.drop(*gone)

    assert any(says in problem for problem in log.verify().problems)


def test_of_what_is_gone_the_log_is_taken_at_its_word() -> None:
    log = Pruned(first_ts=EARLIER, last_ts=EARLIER, bundles=Digest.of(b""))
    log.drop(0, 1)

    assert log.verify().problems == ()


def test_a_run_that_lost_its_beginning_must_have_been_cut() -> None:
    rules = EntryRules("log.example/churn", None)
    rules.min_index = 512

    rules.check(512, [encode(Log().envelope(900), RunResumed())])

    assert list(rules.finish()) == [
        "entry 512: event 900 of run R1, and those before it were not pruned"
    ]


@pytest.mark.parametrize(
    "scope", [HoldScope(), HoldScope(first=300, last=300), HoldScope(run_id="R1")]
)
def test_pruning_what_is_held_is_a_problem(scope: HoldScope) -> None:
    hold = HoldPlaced(scope, "case 7")

    (problem,) = Pruned(hold).verify().problems

    assert problem.endswith(
        f"it prunes what hold {format_ulid(3, bytes(10))} on {scope} covers"
    )
    beyond = HoldPlaced(HoldScope(first=512, last=600), "case 8")
    assert Pruned(beyond).verify().problems == ()


def test_pruning_what_was_promised_for_longer_is_a_problem_without_entry_0() -> None:
    log = Pruned(RetentionChanged(500, 400))
    log.drop(0, 1)
    assert log.verify().problems == ()

    events = (
        RetentionChanged(1, 500),
        LogPruned(512, 0, CLOCK.now(), CLOCK.now(), Digest.of(b""), 1),
    )
    log.log.append([encode_log(log_envelope(log.ids()), each) for each in events])

    shortened, early = log.verify().problems
    assert shortened.endswith("it shortens the retention from 500 to 1 days")
    assert early.endswith("it prunes entries younger than 500 days")


class Rotated(Pruned):
    """One that was handed over to another key before it grew."""

    @override
    def prepare(self) -> None:
        new, head = FakeSigner2(), self.log.head()
        event = hand_over(head, FakeSigner(), new, reason="", overlap_until=None)
        chain = build_keychain(VKEY, [(head.size, event)])
        entry = encode_log(log_envelope(self.ids()), event)
        self.log.rotate(lambda _: (entry, Authority(chain, (new,))))


def test_a_key_that_was_left_cannot_go_on_though_the_rotation_was_pruned() -> None:
    log = Rotated()
    log.drop(0, 1)
    assert log.verify().problems == ()

    text = format_checkpoint(log.log.head())
    note = format_note(Note(text, (sign_note(FakeSigner(), text),)))
    log.store.objects["checkpoint"] = note

    (problem,) = log.verify().problems
    assert "which handed over to" in problem


def test_numbers_beyond_all_dates_are_numbers() -> None:
    log = Log()
    last = CLOCK.now().replace(year=9999)
    events = (
        RetentionChanged(MAX_INTEGER, 400),
        LogPruned(0, 0, last, last, Digest.of(b""), MAX_INTEGER),
    )
    log.log.append([encode_log(log_envelope(log.ids()), each) for each in events])

    (problem,) = log.verify().problems

    assert problem.endswith(f"it prunes entries younger than {MAX_INTEGER} days")


def test_a_log_that_promises_less_than_the_floor_is_a_problem() -> None:
    created = LogCreated("log.example/churn", VKEY, 179)
    rules = EntryRules("log.example/churn", None)

    rules.check(0, [encode_log(log_envelope(), created)])

    (problem,) = rules.problems
    assert problem.endswith("promises 179 days, and a log is kept for at least 180")


def test_progress_is_told_with_the_number_of_entries() -> None:
    told: list[tuple[int, int]] = []

    verify(Pruned().store, VKEY, progress=lambda done, size: told.append((done, size)))

    assert told == [(256, 703), (512, 703), (703, 703)]
