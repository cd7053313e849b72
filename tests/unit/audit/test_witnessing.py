"""Unit tests of `sluicegate.audit.witnessing` and `sluicegate.audit.witnessed`."""

from collections.abc import Sequence

import pytest
from fakes_audit import FakeSigner, FakeStore, begin_log
from fakes_witness import FakeWitness
from typing_extensions import override

from sluicegate.audit.log import AuditLog
from sluicegate.audit.witnessed import (
    PARTLY_WITNESSED,
    WITNESSED,
    Witnessing,
    check_witnessed,
    keep,
    known_sizes,
)
from sluicegate.audit.witnessing import Reply, ask, build_request
from sluicegate.errors import IntegrityError, TransientError
from sluicegate.model.witness import Answer, Conflict, Cosignatures, Refusal, Refused
from sluicegate.ports.witness import CheckpointWitness
from sluicegate.tlog.checkpoint import Checkpoint, format_checkpoint
from sluicegate.tlog.note import Note, format_note, parse_note, parse_vkey
from sluicegate.tlog.policy import Group, Policy

KEY = parse_vkey(FakeSigner().vkey())


class Answering(CheckpointWitness):
    """Gives *answers*, one a request, or raises them."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []

    @override
    def add_checkpoint(self, request: bytes) -> Answer:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def grow(log: AuditLog, *numbers: int) -> None:
    for number in numbers:
        log.append([b'{"n":%d}' % number])


def head_note(log: AuditLog) -> Note:
    raw = log.store.load()
    assert raw is not None
    return parse_note(raw)


def show(log: AuditLog, fake: FakeWitness, known_size: int = 0) -> Reply:
    tree = log.tree()
    return ask(fake.witness, fake, head_note(log), tree.prove_consistency, known_size)


def witnesses(*names: str) -> list[FakeWitness]:
    return [FakeWitness(name, [KEY]) for name in names]


def two_of(*fakes: FakeWitness) -> Policy:
    names = tuple(fake.name for fake in fakes)
    return Policy(
        (), tuple(fake.witness for fake in fakes), (Group("g", 2, names),), "g"
    )


def check(log: AuditLog, policy: Policy) -> Witnessing:
    raw = log.store.load()
    assert raw is not None
    return check_witnessed(log.store, raw, log.tree(), policy)


def cosign(log: AuditLog, policy: Policy, *fakes: FakeWitness) -> Witnessing:
    note = head_note(log)
    lines = [fake.cosign(note.text) for fake in fakes]
    with log.store.exclusive():
        signed = Note(note.text, (*note.signatures, *lines))
        return keep(log.store, log.tree(), signed, policy)


def test_a_witness_cosigns_a_log_that_grows() -> None:
    log, [fake] = begin_log(FakeStore()), witnesses("w1")
    sizes: list[int] = []
    for number in range(300):
        grow(log, number)
        reply = show(log, fake, known_size=sizes[-1] if sizes else 0)
        assert reply.cosigned is not None, reply.why
        assert reply.cosigned.at == fake.at
        sizes.append(log.head().size)

    assert fake.requests == 300, "who knows what it has seen needs one request"


def test_a_wrong_guess_of_what_it_has_seen_costs_one_request() -> None:
    log, [fake] = begin_log(FakeStore()), witnesses("w1")
    show(log, fake)
    grow(log, 1, 2, 3)

    assert show(log, fake, known_size=2).cosigned
    assert show(log, fake, known_size=10_000).cosigned
    assert fake.requests == 1 + 2 + 2


def test_a_log_that_was_rolled_back_raises_the_alarm() -> None:
    store, [fake] = FakeStore(), witnesses("w1")
    log = begin_log(store)
    old = dict(store.objects)
    grow(log, 1, 2)
    show(log, fake)

    reply = show(AuditLog(FakeStore(old), FakeSigner()), fake)

    assert reply.alarm
    assert reply.line is None
    assert reply.why.startswith("it has seen 3 entries of this log, which has only 1")


def test_a_forked_log_raises_the_alarm() -> None:
    store, [fake] = FakeStore(), witnesses("w1")
    log = begin_log(store)
    other = AuditLog(FakeStore(dict(store.objects)), FakeSigner())
    grow(log, 1, 2)
    show(log, fake)
    grow(other, 1, 3)

    for known in (0, 3):
        reply = show(other, fake, known)
        assert reply.alarm
        assert reply.why.startswith("it has seen other entries in this log")
    grow(other, 4)
    assert show(other, fake).alarm


def test_a_witness_that_does_not_know_the_log_says_so() -> None:
    log = begin_log(FakeStore())
    stranger = FakeWitness("w1", [parse_vkey(FakeSigner("other").vkey())])
    rotated = FakeWitness("w2", [parse_vkey(FakeSigner(KEY.name + "x").vkey())])
    rotated.keys = [type(KEY)(KEY.name, KEY.algorithm, rotated.keys[0].public)]

    assert "does not know this log" in show(log, stranger).why
    assert "does not accept the log's key" in show(log, rotated).why
    assert not show(log, rotated).alarm


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([TransientError("no answer within 10 s")], "no answer within 10 s"),
        ([Conflict(1), TransientError("gone")], "gone"),
        ([Conflict(1), Conflict(2)], "a different size each time"),
        ([Conflict(0)], "a different size each time"),
        ([Conflict(1), Conflict(1)], "a different size each time"),
        ([Refused(Refusal.MALFORMED, "huh")], "does not understand the request (huh)"),
        ([Cosignatures(b"")], "its answer is worth nothing"),
        ([Cosignatures(b"hello\n")], "its answer is worth nothing"),
        ([Cosignatures(b"\n\n")], "its answer is worth nothing"),
        ([Cosignatures(b"\xff")], "its answer is worth nothing"),
        (
            [Cosignatures(FakeWitness("w2", []).sign("other\n"))],
            "not with a signature of the key in the policy",
        ),
        (
            [Cosignatures(FakeWitness("w1", []).sign("other\n"))],
            "its answer is worth nothing: the cosignature of the witness w1.example",
        ),
    ],
)
def test_what_is_no_cosignature_is_told_and_never_taken(
    answers: Sequence[Answer | Exception], expected: str
) -> None:
    log = begin_log(FakeStore())
    grow(log, 1, 2)
    client = Answering(*answers)

    reply = ask(
        FakeWitness("w1", []).witness,
        client,
        head_note(log),
        log.tree().prove_consistency,
    )

    assert expected in reply.why
    assert (reply.line, reply.cosigned, reply.alarm) == (None, None, False)
    assert not client.answers


def test_a_cosignature_among_those_of_others_is_found() -> None:
    log = begin_log(FakeStore())
    text = head_note(log).text
    lines = b"".join(FakeWitness(name, []).sign(text) for name in ("a", "w1", "b"))

    reply = ask(
        FakeWitness("w1", []).witness,
        Answering(Cosignatures(lines)),
        head_note(log),
        log.tree().prove_consistency,
    )

    assert reply.line == FakeWitness("w1", []).cosign(text)


def test_the_request_is_that_of_the_specification() -> None:
    note = Note(format_checkpoint(Checkpoint("log", 5, bytes(32))), ())

    assert build_request(3, [b"\1" * 32, b"\2" * 32], note) == (
        b"old 3\n"
        b"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
        b"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
        b"\n"
        b"log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
    )
    with pytest.raises(ValueError, match="64 hashes"):
        build_request(3, [bytes(32)] * 64, note)


def test_a_quorum_vouches_for_the_entries_it_has_seen() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2", "w3")
    policy = two_of(*fakes)
    assert not check(log, policy).reached

    assert not cosign(log, policy, fakes[0]).reached
    assert cosign(log, policy, fakes[1]).reached
    grow(log, 1, 2)
    assert cosign(log, policy, fakes[2]).size == 1
    found = check(log, policy)

    assert (found.reached, found.size) == (True, 1)
    assert [(seen.witness.name, seen.size) for seen in found.seen] == [
        ("w1", 1),
        ("w2", 1),
        ("w3", 3),
    ]
    assert found.missing == ()
    assert found.problems == ()
    assert found.quorum == "2 of w1, w2, w3"


def test_the_state_with_a_quorum_stays_until_a_newer_one_has_it() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2", "w3")
    policy = two_of(*fakes)
    cosign(log, policy, fakes[0], fakes[1])
    complete = log.store.get(WITNESSED)
    grow(log, 1)

    cosign(log, policy, fakes[0])
    assert log.store.get(WITNESSED) == complete
    assert (check(log, policy).size, log.head().size) == (1, 2)
    cosign(log, policy, fakes[2])
    assert log.store.get(WITNESSED) != complete
    assert check(log, policy).size == 2
    assert known_sizes(log.store)[fakes[2].key.name, fakes[2].key.key_id] == 2


def test_a_cosigned_checkpoint_itself_counts_as_well() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2")
    note = head_note(log)
    lines = [fake.cosign(note.text) for fake in fakes]
    raw = format_note(Note(note.text, (*note.signatures, *lines)))

    found = check_witnessed(log.store, raw, log.tree(), two_of(*fakes))

    assert found.reached


def test_stripped_cosignatures_are_noticed_by_the_quorum() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2")
    policy = two_of(*fakes)
    cosign(log, policy, *fakes)
    raw = log.store.get(WITNESSED)
    assert raw is not None

    log.store.attach(WITNESSED, b"".join(raw.splitlines(keepends=True)[:-1]))

    found = check(log, policy)
    assert not found.reached
    assert [each.name for each in found.missing] == ["w2"]
    assert found.problems == ()


def test_every_changed_byte_of_a_cosigned_checkpoint_costs_the_quorum() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2")
    policy = two_of(*fakes)
    cosign(log, policy, *fakes)
    raw = log.store.get(WITNESSED)
    assert raw is not None
    ours = head_note(log).signatures[0]
    line = format_note(Note("", (ours,))).removeprefix(b"\n")
    start = raw.index(line)

    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        log.store.attach(WITNESSED, changed)
        found = check(log, policy)
        # The log's own signature is checked where the log is opened, not here.
        if not start <= place < start + len(line):
            assert not found.reached, place


def test_a_log_without_what_was_cosigned_contradicts_its_witnesses() -> None:
    store, fakes = FakeStore(), witnesses("w1", "w2")
    log, policy = begin_log(store), two_of(*fakes)
    old = dict(store.objects)
    grow(log, 1, 2)
    cosign(log, policy, *fakes)
    kept = log.store.get(WITNESSED)
    assert kept is not None
    rolled_back = AuditLog(FakeStore(old), FakeSigner())
    forked = AuditLog(FakeStore(dict(old)), FakeSigner())
    grow(forked, 3, 4, 5)

    for other, why in ((rolled_back, "rolled back"), (forked, "rewritten or forked")):
        other.store.attach(WITNESSED, kept)
        found = check(other, policy)
        assert not found.reached
        assert len(found.problems) == 1
        assert why in found.problems[0]
        with pytest.raises(IntegrityError, match=why):
            cosign(other, policy, *fakes)
        assert other.store.get(WITNESSED) == kept, "evidence is not overwritten"


def test_a_cosigned_checkpoint_of_another_log_is_told() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2")
    text = format_checkpoint(Checkpoint("other.example", 1, log.head().root))
    lines = tuple(fake.cosign(text) for fake in fakes)
    log.store.attach(WITNESSED, format_note(Note(text, lines)))

    found = check(log, two_of(*fakes))

    assert not found.reached
    assert "of the log 'other.example'" in found.problems[0]


def test_what_is_no_cosigned_checkpoint_is_told_and_written_anew() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2")
    policy = two_of(*fakes)
    for rubbish in (b"", b"\xff", b"hello", b"a\nb\n\n"):
        log.store.attach(WITNESSED, rubbish)
        assert check(log, policy).problems[0].startswith(f"{WITNESSED}: ")
        assert known_sizes(log.store) == {}
        assert cosign(log, policy, *fakes).reached
        assert check(log, policy).problems == ()


def test_nothing_is_written_where_nothing_is_new() -> None:
    log, fakes = begin_log(FakeStore()), witnesses("w1", "w2")
    policy = two_of(*fakes)
    cosign(log, policy, *fakes)
    log.store.attach(PARTLY_WITNESSED, b"untouched")

    assert cosign(log, policy, fakes[0]).reached
    assert log.store.get(PARTLY_WITNESSED) == b"untouched"


def test_without_a_quorum_to_reach_none_is_missing() -> None:
    log = begin_log(FakeStore())

    found = check(log, Policy((), (), (), "none"))

    assert found == Witnessing("none", True, 1, (), ())  # noqa: FBT003 - a value
