"""What an insider may do to a log, by name, and which anchor shows it.

S is the log's signature over its tree, P a checkpoint that the verifier pinned, W a
quorum of witnesses, E the rules of entries. What only P or W show passes without them,
and that is tested as well: nobody should believe that a signature alone excludes it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes_audit import FakePin, FakeSigner, FakeStore, begin_log, event_ids
from fakes_audit import log_envelope as make_envelope
from fakes_witness import FakeWitness

from sluicegate.audit.jcs import parse_json
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode_log
from sluicegate.audit.verify import verify
from sluicegate.model.log_event import LeaseTaken
from sluicegate.tlog.bundles import format_bundle, parse_bundle
from sluicegate.tlog.checkpoint import Checkpoint, format_checkpoint
from sluicegate.tlog.growth import plan_growth
from sluicegate.tlog.hashes import EMPTY_ROOT, hash_leaves
from sluicegate.tlog.note import Note, Signature, format_note, parse_note, parse_vkey
from sluicegate.tlog.policy import require_all

SIZE = 300
AT = datetime(2026, 11, 22, tzinfo=UTC)
SIGNER = FakeSigner()
VKEY = SIGNER.vkey()
KEY = parse_vkey(VKEY)
FAKES = [FakeWitness(name, [KEY]) for name in ("w1", "w2")]
POLICY = require_all(tuple(fake.witness for fake in FAKES))
PARTIAL = "tile/entries/001.p/44"

Files = dict[str, bytes]


class Victim:
    """A log of 300 entries, cosigned by two witnesses and pinned when it had 200."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.log = begin_log(self.store)
        self.ids = event_ids()
        self.grow(200)
        self.pinned = self.store.objects["checkpoint"]
        self.old = dict(self.store.objects)
        cosign(self.old)
        self.grow(SIZE)
        self.files = self.store.objects
        cosign(self.files)

    def entry(self, words: str = "R") -> bytes:
        lease = LeaseTaken("production", words, AT)
        return encode_log(make_envelope(self.ids()), lease)

    def grow(self, size: int) -> None:
        have = self.log.head().size
        self.log.append([self.entry(f"R{number}") for number in range(have, size)])

    def entries(self) -> list[bytes]:
        return [entry for _, entry in self.log.entries()]


def cosign(files: Files) -> None:
    note = parse_note(files["checkpoint"])
    lines = tuple(fake.cosign(note.text) for fake in FAKES)
    files["checkpoint"] = format_note(Note(note.text, note.signatures[:1] + lines))


def build(entries: list[bytes]) -> tuple[Files, Checkpoint]:
    """The files of a log of *entries*, and what its checkpoint must say."""
    growth = plan_growth(lambda _: None, Checkpoint(KEY.name, 0, EMPTY_ROOT), entries)
    return dict(growth.files), growth.checkpoint


def sign(text: str, signer: FakeSigner = SIGNER) -> bytes:
    key = parse_vkey(signer.vkey())
    line = Signature(key.name, key.key_id, signer.sign(text.encode()))
    return format_note(Note(text, (line,)))


def problems(
    files: Files, *, pinned: bytes | None = None, witnesses: bool = False
) -> tuple[str, ...]:
    pin = FakePin({VKEY: pinned} if pinned else {})
    policy = POLICY if witnesses else None
    return verify(FakeStore(files), VKEY, pin=pin, policy=policy).problems


@pytest.fixture
def victim() -> Victim:
    return Victim()


def test_nothing_is_wrong_with_a_log_that_nobody_attacked(victim: Victim) -> None:
    assert problems(victim.files, pinned=victim.pinned, witnesses=True) == ()


# --- S: the signature over the tree ------------------------------------------------


def edit(entries: list[bytes]) -> list[bytes]:
    return [*entries[:7], entries[7].replace(b"R7", b"R8"), *entries[8:]]


def swap(entries: list[bytes]) -> list[bytes]:
    return [*entries[:7], entries[8], entries[7], *entries[9:]]


def drop(entries: list[bytes]) -> list[bytes]:
    return [*entries[:7], *entries[8:], entries[8]]


def insert(entries: list[bytes]) -> list[bytes]:
    return [*entries[:7], entries[0], *entries[7:-1]]


CHANGES = [edit, swap, drop, insert]
Change = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize("change", CHANGES)
def test_entries_changed_under_their_tiles_are_named(
    victim: Victim, change: Change
) -> None:
    name = "tile/entries/000"
    entries = parse_bundle(victim.files[name], 256)
    victim.files[name] = format_bundle(change(entries))

    found = problems(victim.files)

    assert found
    assert all("tile/entries/000: entr" in p for p in found if "committed" in p)
    assert "tile/entries/000: entr" in found[0]


@pytest.mark.parametrize("change", CHANGES)
def test_a_store_rewritten_under_the_old_checkpoint(
    victim: Victim, change: Change
) -> None:
    rewritten, _ = build(change(victim.entries()))

    found = problems({**rewritten, "checkpoint": victim.files["checkpoint"]})

    assert found[0] == "checkpoint: its root is not that of the entries"


def test_a_store_rewritten_and_signed_by_another_key(victim: Victim) -> None:
    rewritten, head = build(edit(victim.entries()))
    stranger = FakeSigner("log.example/stranger")
    text = format_checkpoint(head)
    impostor = replace(parse_vkey(stranger.vkey()), name=KEY.name)
    line = Signature(impostor.name, impostor.key_id, stranger.sign(text.encode()))
    for raw in (sign(text, stranger), format_note(Note(text, (line,)))):
        (problem,) = problems({**rewritten, "checkpoint": raw})
        assert problem.startswith("checkpoint: ")


def test_a_spoofed_key_id(victim: Victim) -> None:
    rewritten, head = build(edit(victim.entries()))
    text = format_checkpoint(head)
    forged = FakeSigner("log.example/stranger").sign(text.encode())
    line = Signature(KEY.name, KEY.key_id, forged)

    (problem,) = problems({**rewritten, "checkpoint": format_note(Note(text, (line,)))})

    assert "signature" in problem


def test_a_truncated_log(victim: Victim) -> None:
    del victim.files[PARTIAL], victim.files["tile/0/001.p/44"]

    found = problems(victim.files)

    assert "tile/0/001.p/44: missing" in found
    assert f"{PARTIAL}: missing" in found


@pytest.mark.parametrize("name", [PARTIAL, "tile/entries/000", "tile/0/000"])
def test_trailing_bytes(victim: Victim, name: str) -> None:
    victim.files[name] += b"\0"

    assert any(problem.startswith(name) for problem in problems(victim.files))


@pytest.mark.parametrize("name", ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"])
def test_a_missing_file(victim: Victim, name: str) -> None:
    del victim.files[name]

    assert f"{name}: missing" in problems(victim.files)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("300\n", "299\n"),
        ("300\n", "0300\n"),
        ("300\n", "+300\n"),
        ("300\n", "300\r\n"),
        (KEY.name, "log.example/other"),
        ("300\n", "300 \n"),
    ],
)
def test_a_checkpoint_that_says_otherwise_though_it_is_signed(
    victim: Victim, before: str, after: str
) -> None:
    text = parse_note(victim.files["checkpoint"]).text
    assert before in text
    lie = text.replace(before, after, 1)

    assert problems({**victim.files, "checkpoint": sign(lie)})


def test_an_extension_line_though_it_is_signed(victim: Victim) -> None:
    text = parse_note(victim.files["checkpoint"]).text

    (problem,) = problems({**victim.files, "checkpoint": sign(f"{text}more\n")})

    assert "three lines" in problem


# --- W: a quorum of witnesses ------------------------------------------------------


def test_stripped_cosignatures(victim: Victim) -> None:
    note = parse_note(victim.files["checkpoint"])
    for kept in (1, 2):
        stripped = format_note(Note(note.text, note.signatures[:kept]))
        files = {**victim.files, "checkpoint": stripped}
        assert problems(files) == ()
        assert "no state of the log was cosigned" in problems(files, witnesses=True)[0]


def test_replayed_cosignatures(victim: Victim) -> None:
    old = parse_note(victim.old["checkpoint"]).signatures[1:]
    note = parse_note(victim.files["checkpoint"])
    replayed = format_note(Note(note.text, (note.signatures[0], *old)))

    found = problems({**victim.files, "checkpoint": replayed}, witnesses=True)

    assert any("is not valid" in problem for problem in found)


# --- P and W: what the holder of the key can do ------------------------------------


def test_rollback(victim: Victim) -> None:
    pinned = victim.files["checkpoint"]

    assert problems(victim.old) == ()
    (problem,) = problems(victim.old, pinned=pinned)
    assert "the log was rolled back: it had 300 entries, now 200" in problem
    seen = {**victim.old, "witnessed": pinned}
    assert any("rolled back" in p for p in problems(seen, witnesses=True))


def test_backdating_by_the_holder_of_the_key(victim: Victim) -> None:
    cosigned = AT + timedelta(days=3)
    note = parse_note(victim.files["checkpoint"])
    at = int(cosigned.timestamp())
    lines = tuple(fake.cosign(note.text, at) for fake in FAKES)
    witnessed = format_note(Note(note.text, note.signatures[:1] + lines))
    victim.grow(SIZE + 1)  # which says that it was recorded at AT, three days before
    files = {**victim.store.objects, "witnessed": witnessed}

    report = verify(FakeStore(files), VKEY, policy=POLICY)

    assert report.problems == ()
    assert {*report.doubts} == {
        (
            "entry 300 says 2026-11-22 00:00:00Z, and at 2026-11-25 00:00:00Z a witness"
            " saw the log without it"
        )
    }
    assert verify(FakeStore(files), VKEY).doubts == ()


def fork(victim: Victim) -> Files:
    """Another history from entry 150 on, by the holder of the key."""
    files, head = build(
        [*victim.entries()[:150], *(victim.entry() for _ in range(160))]
    )
    return {**files, "checkpoint": sign(format_checkpoint(head))}


def test_fork(victim: Victim) -> None:
    forked = fork(victim)

    assert problems(forked) == ()
    (problem,) = problems(forked, pinned=victim.pinned)
    assert "the first 200 entries of the log are not what they were" in problem
    seen = {**forked, "witnessed": victim.files["checkpoint"]}
    assert any("rewritten or forked" in p for p in problems(seen, witnesses=True))


def test_rewriting_by_the_holder_of_the_key(victim: Victim) -> None:
    rewritten, head = build(edit(victim.entries()))
    files = {**rewritten, "checkpoint": sign(format_checkpoint(head))}

    assert problems(files) == ()
    assert problems(files, pinned=victim.pinned)
    assert problems(files, witnesses=True)


@pytest.mark.parametrize("left", [(), ("tile/entries/000",), ("witnessed",)])
def test_deletion_of_the_whole_log(victim: Victim, left: tuple[str, ...]) -> None:
    files = {name: victim.files.get(name, b"") for name in left}

    assert problems(files), "no log is never a sound log"
    (problem, *_) = problems(files, pinned=victim.pinned)
    assert problem


def test_a_log_begun_anew_in_its_place(victim: Victim) -> None:
    store = FakeStore()
    begin_log(store)

    assert problems(store.objects) == ()
    assert "rolled back" in problems(store.objects, pinned=victim.pinned)[0]


def test_a_log_that_is_empty_though_it_is_signed() -> None:
    head = Checkpoint(KEY.name, 0, EMPTY_ROOT)

    (problem,) = problems({"checkpoint": sign(format_checkpoint(head))})

    assert "the log is empty" in problem


# --- E: the rules of entries, though whoever wrote them has the key -----------------


def append(victim: Victim, *entries: bytes) -> tuple[str, ...]:
    files, head = build([*victim.entries(), *entries])
    return problems({**files, "checkpoint": sign(format_checkpoint(head))})


def test_an_entry_repeated(victim: Victim) -> None:
    (problem,) = append(victim, victim.entries()[7])

    assert problem.startswith("entry 300: event ")
    assert problem.endswith("is there twice")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"holder":', b'"holder":"x","holder":'),
        (b'"holder":"R"', b'"holder":1.0'),
        (b'"holder":"R"', b'"holder":NaN'),
        (b'"holder":"R"', b'"holder":9007199254740993'),
        (b'"holder":"R"', b'"holder":"\\ud800"'),
        (b'"holder":"R"', b'"holder": "R"'),
        (b'"holder":"R"', b'"holder":"\\u0052"'),
        (b'"type":"lease.taken"', b'"type":["lease.taken"]'),
        (b"2026-11-22T00:00:00.000Z", b"2026-11-22T00:00:00Z"),
        (b"2026-11-22T00:00:00.000Z", b"2026-02-30T00:00:00.000Z"),
    ],
)
def test_entries_that_others_would_read_otherwise(
    victim: Victim, before: bytes, after: bytes
) -> None:
    entry = victim.entry()
    assert before in entry

    (problem,) = append(victim, entry.replace(before, after))

    assert problem.startswith("entry 300: ")


def test_a_huge_entry(victim: Victim) -> None:
    huge = victim.entry("R" * 40_000)
    assert parse_json(huge)

    (problem,) = append(victim, huge)

    assert problem.endswith("bytes, more than 32768")


def test_what_an_entry_says_draws_nothing_on_the_terminal(victim: Victim) -> None:
    hostile = victim.entry().replace(b'"lease.taken"', b'"\\u001b[2J\xe2\x80\xae"')
    (problem,) = append(victim, hostile.replace(b'"event_id"', b'"event_ix"'))

    assert problem.isprintable()


def test_the_writer_itself_refuses_a_log_that_was_attacked(victim: Victim) -> None:
    rewritten, head = build(edit(victim.entries()))
    victim.store.objects = {**rewritten, "checkpoint": sign(format_checkpoint(head))}
    log = AuditLog(victim.store, SIGNER, FakePin({VKEY: victim.pinned}))

    with pytest.raises(Exception, match="not what they were"):
        log.append([victim.entry()])


def test_leaves_of_the_right_edge_are_compared_too(victim: Victim) -> None:
    entries = parse_bundle(victim.files[PARTIAL], 44)
    victim.files["tile/0/001.p/44"] = hash_leaves(reversed(entries))

    assert problems(victim.files)[0] == "tile/0/001.p/44: not over the entries"
